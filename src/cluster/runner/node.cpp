#include "cluster/runner/node.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "cluster/membership/witness.hpp"
#include "cluster/runner/engine_config.hpp"
#include "kit/assert.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {

using core::Note;

namespace {

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

core::EngineView engine_view(const membership::Membership& membership) {
  core::EngineView view;
  view.ring = fmt::format("{}.{}", membership.ring.representative, membership.ring.sequence);
  view.view.quorate = membership.quorate;
  view.view.members = {membership.members.begin(), membership.members.end()};
  view.view.alive = {membership.nodes.begin(), membership.nodes.end()};
  return view;
}

}  // namespace

Node::Node(asio::io_context& io, NodePaths paths, core::NodeId self, proto::StateFile state,
           bool lease_counts)
    : io_(io),
      paths_(std::move(paths)),
      self_(self),
      store_(io, paths_.state_folder),
      events_(state.durable.applied.config.node_name(self), paths_.state_folder + "/events.jsonl"),
      timelines_(paths_.state_folder + "/timelines.jsonl"),
      keeper_(io, paths_.keeper_socket),
      replica_(self, state.durable, state.stale, lease_counts,
               [this] {
                 std::vector<core::GroupReport> holds;
                 for (const auto& [name, group] : groups_)
                   if (auto held = group->machine().holds()) holds.push_back(std::move(*held));
                 return holds;
               }),
      timing_(*core::derive_timing(state.durable.applied.config)),
      group_context_{io_,
                     workers_,
                     keeper_,
                     self_,
                     [this]() -> const core::Config& { return config(); },
                     [this](const core::GroupReport& said) { report(said); },
                     [this](const Note& told) { events_.add(told); },
                     [this](const std::string& why) { keeper_.reset(why); },
                     [this](const core::GroupName& group, const std::string& step) {
                       timeline_.step(group, step);
                     }},
      node_services_retry_(io),
      lease_(io, keeper_, [this](core::Renew renew) { say(renew); }),
      fencer_(
          io, self, [this](core::FenceResult result) { say(result); },
          [this](const core::FenceOrder& order) {
            return std::ranges::find(replica_.fences(), order) != replica_.fences().end();
          }),
      boot_(random_name()),
      isolation_timer_(io),
      changed_(io) {}

Node::~Node() {
  workers_.join();
}

Task<Result<void>> Node::start() {
  keeper_.set_handlers({
      [](const std::string& why) {
        // The keeper is the parent of all that runs here; without it nothing can be watched.
        log::error("the keeper is gone ({}); tasukid starts anew", why);
        std::_Exit(EXIT_FAILURE);
      },
      [] {
        log::error(
            "the keeper lets go of this node's groups, because tasukid could not prove its "
            "right to them in time; tasukid starts anew");
        std::_Exit(EXIT_FAILURE);
      },
      [](const std::string&) {},
  });
  auto kept = co_await keeper_.hello();
  if (!kept) co_return failure(kept.error());
  while (kept->lease_expired && !kept->groups.empty()) {
    // It is about to let go of them, or resets the node.
    co_await wait_for(std::chrono::milliseconds(100));
    kept = co_await keeper_.hello();
    if (!kept) co_return failure(kept.error());
  }
  for (const process::KeptGroup& group : kept->groups) {
    const core::Group* configured = config().find_group(core::GroupName{group.name});
    if (configured != nullptr) {
      note(Note::Level::info, "group " + group.name, "is still here; tasukid takes it over");
      co_await group_runner(*configured).adopt(group.note);
      continue;
    }
    if (group.name == kNodeServices.value) continue;
    note(Note::Level::warning, "group " + group.name, "is not in the configuration; it is ended");
    if (auto ended = co_await keeper_.kill_group(group.name); !ended) co_return ended;
    if (auto ended = co_await keeper_.close_group(group.name); !ended) co_return ended;
  }
  co_await adopt_node_services(std::move(*kept));

  config_counter_seen_ = replica_.state().durable.applied.counter;
  engine_ = config().nodes.size() > 1 ? membership::make_corosync_engine(io_)
                                      : membership::make_solo_engine(io_, self_);
  engine_->start({
      [this](const membership::Membership& changed) {
        membership_changed_at_ = now();
        carry_out(replica_.membership_changed(engine_view(changed)));
      },
      [this](core::NodeId from, std::string_view text) { heard(from, text); },
      [this](const std::string& why) {
        note(Note::Level::warning, "Corosync", why);
        membership_changed_at_ = now();
        carry_out(replica_.engine_lost());
      },
  });
  react();
  co_return Result<void>{};
}

void Node::heard(core::NodeId from, std::string_view text) {
  const auto message = proto::decode(text, read_config);
  if (!message) {
    note(Note::Level::error, "node " + config().node_name(from), message.error().what);
    return;
  }
  if (const auto* renew = std::get_if<core::Renew>(&*message)) {
    if (from == self_ && replica_.may_keep()) lease_.came_back(*renew, timing_);
    return;
  }
  if (const auto* record = std::get_if<core::Record>(&*message)) {
    if (Json timeline = Json::parse(record->json, nullptr, false); timeline.is_object())
      timelines_.add(std::move(timeline));
    return;
  }
  const bool agreed = replica_.agreed();
  carry_out(replica_.delivered(from, *message));
  if (!agreed && replica_.agreed()) agreed_at_ = now();
}

void Node::carry_out(core::Ready ready) {
  if (ready.write) {
    const uint64_t number = ready.write->number;
    store_.write({ready.write->durable, ready.write->stale},
                 [this, number] { carry_out(replica_.written(number)); });
  }
  for (const core::Message& message : ready.send) say(message);
  for (const core::Outcome& outcome : ready.outcomes) answer(outcome);
  for (const Note& told : ready.notes) events_.add(told);
  react();
}

// What follows from the state as it is now. Called after every step; does only what is new.
void Node::react() {
  react_to_config();
  watch_right();
  give_orders();
  run_timers();
  fencer_.carry_out(replica_.fences(), config(), timing_.fence_delay);
  const bool owns_something = std::ranges::any_of(
      groups_, [](const auto& entry) { return !entry.second->machine().idle(); });
  // With a single node nobody else could take over, so nothing has to be proved.
  lease_.want(owns_something && config().nodes.size() > 1, timing_);
  remember_since();
  changed_.cancel();
}

void Node::react_to_config() {
  if (replica_.state().durable.applied.counter == config_counter_seen_) return;
  config_counter_seen_ = replica_.state().durable.applied.counter;
  timing_ = *core::derive_timing(config());
  note(Note::Level::info, "configuration",
       fmt::format("version {} is in force", config_counter_seen_));
  for (auto& [name, runner] : groups_)
    if (const core::Group* group = config().find_group(name))
      runner->set_spec(executor::group_spec(config(), *group));
  update_node_services();

  const auto written = write_corosync_conf(config(), paths_);
  if (!written) note(Note::Level::error, "Corosync", written.error().what);
  if (!written || !*written) return;
  asio::post(workers_, [this] {
    const auto reloaded = reload_corosync();
    if (reloaded) return;
    asio::post(io_,
               [this, why = reloaded.error().what] { note(Note::Level::error, "Corosync", why); });
  });
}

void Node::say(const core::Message& message) {
  if (engine_) engine_->send(proto::encode(message));
}

void Node::note(Note::Level level, std::string subject, std::string text) {
  events_.add({level, std::move(subject), std::move(text)});
}

Json Node::status() const {
  StatusContext context;
  context.self = self_;
  context.time = time_of_day();
  for (const auto& [subject, entry] : since_) context.since[subject] = entry.second;
  context.node_services = node_service_states();
  if (config().witness) context.witness_votes = membership::witness_votes_now().value_or(false);
  return status_json(replica_, context);
}

void Node::remember_since() {
  const auto remember = [this](const std::string& subject, const std::string& word) {
    auto& entry = since_[subject];
    if (entry.first != word) entry = {word, time_of_day()};
  };
  for (const core::Node& node : config().nodes)
    remember("node/" + node.name, node_state_word(replica_, node.id));
  for (const core::Group& group : config().groups) {
    const auto state = replica_.state().groups.find(group.name);
    const std::string holder = state != replica_.state().groups.end() && state->second.holder
                                   ? config().node_name(*state->second.holder)
                                   : "";
    remember("group/" + group.name.value, group_state_word(replica_, group.name) + " " + holder);
  }
}

}  // namespace tasuki::runner
