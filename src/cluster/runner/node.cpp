#include "cluster/runner/node.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "cluster/core/watch_ids.hpp"
#include "cluster/membership/witness.hpp"
#include "cluster/process/undo.hpp"
#include "cluster/runner/accounts.hpp"
#include "cluster/runner/engine_config.hpp"
#include "cluster/runner/references.hpp"
#include "cluster/runner/terminals.hpp"
#include "cluster/settings/places.hpp"
#include "kit/assert.hpp"
#include "kit/file.hpp"
#include "kit/log.hpp"
#include "kit/machine.hpp"

namespace tasuki::runner {

using core::Note;

namespace {

// The answer to whoever asked for it goes out before tasukid starts anew.
constexpr core::milliseconds kAnswerFirst{500};
constexpr core::milliseconds kAskWitness{2000};
// An administrator who mended them sees the status change within this.
constexpr core::milliseconds kTellAccounts{30'000};

std::string random_name() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

}  // namespace

Node::Node(asio::io_context& io, NodePaths paths, core::NodeId self, const proto::StateFile& state)
    : io_(io),
      paths_(std::move(paths)),
      self_(self),
      store_(io, paths_.state_folder),
      events_(state.durable.applied.config.node_name(self), paths_.state_folder + "/events.jsonl"),
      keeper_(io, paths_.keeper_socket),
      timelines_(paths_.state_folder + "/timelines.jsonl"),
      backups_({io_, keeper_, [this]() -> const core::Config& { return config(); },
                [this] { return name(); },
                [this](const core::GroupName& group) { return find_runner(group); },
                [this](const Note& told) { events_.add(told); },
                [this](const Json& record) {
                  say(core::Record{record.dump(-1, ' ', false, Json::error_handler_t::replace)});
                }},
               paths_.state_folder + "/backups.jsonl"),
      replica_(self, state.durable, state.stale,
               [this] {
                 std::vector<core::GroupReport> holds;
                 for (const auto& [name, group] : groups_)
                   if (auto held = group->holds()) holds.push_back(std::move(*held));
                 return holds;
               }),
      settings_file_(
          io, paths_.state_folder + "/settings",
          [this](const SettingsFile::OnDisk& on_disk) { carry_out(settings_.stored(on_disk)); }),
      settings_(self, {}, 0, settings::places_of),
      files_({io_, paths_.state_folder, self_,
              [this]() -> const settings::Settings& { return settings_; },
              [this](const core::GroupName& group) { return may_change(group); },
              [this](core::GroupName group, std::vector<settings::Edit> edits,
                     core::milliseconds limit) {
                return change_settings(std::move(group), std::move(edits), limit);
              },
              [this](const core::GroupName& group) -> std::string {
                const auto state = replica_.state().groups.find(group);
                const bool held = state != replica_.state().groups.end() && state->second.holder;
                return held ? config().node_name(*state->second.holder) : "";
              },
              [this](const Note& told) { events_.add(told); }}),
      timing_(*core::derive_timing(state.durable.applied.config)),
      group_context_{
          io_, workers_, keeper_, self_, [this]() -> const core::Config& { return config(); },
          [this](const core::GroupReport& said) { report(said); },
          [this](const Note& told) { events_.add(told); },
          [this](const std::string& why) {
            start_task(io_.get_executor(), [](Node& self, std::string why) -> Task<void> {
              co_await wait_for(executor::kLastWords);
              self.keeper_.reset(why);
            }(*this, why));
          },
          // While the members greet each other, what was ordered before may be of the past.
          [this] { return (replica_.agreed() && lease_.held()) || config().nodes.size() == 1; },
          [this](core::milliseconds limit) { return wait_for_change(limit); },
          [this](const std::string& id) { return core::find_watch_owner(replica_.state(), id); },
          paths_.arm_commands, paths_.tasuki, [this] { return replica_.state().durable.epoch; },
          [this](const core::GroupName& group, const std::vector<guard::KeyOwner>& owners) {
            note_preempted(group, owners);
          },
          [this](const core::GroupName& group, const std::string& step) {
            timeline_.step(group, step);
          },
          [this](const core::GroupName& group) { return files_.put_in_place(group); },
          [this](const core::GroupName& group) { return files_.take_along(group); },
          [this](const core::GroupName& group) {
            return reference_values(config().find_group(group), name(), settings_);
          }},
      node_services_retry_(io),
      lease_(io, keeper_, [this](core::Renew renew) { say(renew); }),
      slots_(
          io, self, read_file(paths_.authkey).value_or(""), [this] { judge_votes(); },
          [this] { tell_slots(); }),
      pinger_(io, [this] { update_slot(); }),
      fencer_(
          io, self, [this](core::milliseconds limit) { return pinger_.reach(limit); },
          [this](core::FenceResult result) { say(result); },
          [this](const core::FenceOrder& order) {
            return core::still_wanted(replica_.fences(), order);
          },
          [this] { react(); }),
      boot_(random_name()),
      isolation_timer_(io),
      wakefulness_timer_(io),
      restart_timer_(io),
      witness_timer_(io),
      accounts_timer_(io) {
  if (state.forgetful) replica_.is_forgetful();
}

Node::~Node() {
  workers_.join();
}

Task<Result<void>> Node::start() {
  if (auto opened = open_settings(); !opened) co_return opened;
  co_await files_.start(config());
  keeper_.on_loss([](const std::string& why) {
    // The keeper is the parent of all that runs here; without it nothing can be watched.
    log::error("the keeper is gone ({}); tasukid starts anew", why);
    std::_Exit(EXIT_FAILURE);
  });
  auto kept = co_await keeper_.hello();
  if (!kept) co_return failure(kept.error());
  if (kept->lease_expired)
    note(Note::Level::warning, "node " + name(),
         "the keeper let go of the groups here: tasukid had not answered, this side had lost its "
         "right to them, or a keeper died");
  while (kept->lease_expired && !kept->groups.empty()) {
    // It is about to let go of them, or resets the node.
    co_await wait_for(std::chrono::milliseconds(100));
    kept = co_await keeper_.hello();
    if (!kept) co_return failure(kept.error());
  }
  replica_.tell_hardware({kept->watchdog, is_virtual_machine()});
  replica_.tell_time([] { return time_of_day(); });
  if (!kept->leased) replica_.was_off();
  for (const process::KeptGroup& group : kept->groups) {
    const core::Group* configured = config().find_group(core::GroupName{group.name});
    if (configured != nullptr) {
      note(Note::Level::info, "group " + group.name, "is still here; tasukid takes it over");
      co_await group_runner(*configured).adopt(group);
      co_await backups_.end_interrupted(group);
      continue;
    }
    if (group.name == kNodeServices.value) continue;
    note(Note::Level::warning, "group " + group.name, "is not in the configuration; it is ended");
    if (auto ended = co_await end_unknown_group(group); !ended) {
      keeper_.reset(fmt::format("group {}: {}", group.name, ended.error().what));
      co_return ended;
    }
  }
  for (const core::Group& group : config().groups) {
    if (std::ranges::find(kept->groups, group.name.value, &process::KeptGroup::name) !=
        kept->groups.end())
      continue;
    if (auto cleared = co_await group_runner(group).clear_leftovers(); !cleared)
      co_return failure(cleared.error().during(
          fmt::format("this server may not join while it holds a part of group {}", group.name)));
  }
  co_await adopt_node_services(std::move(*kept));

  config_counter_seen_ = replica_.state().durable.applied.counter;
  clustered_ = config().nodes.size() > 1;
  slots_.configure(config(), timing_);
  pinger_.configure(config().ping_hosts, timing_.witness_look);
  engine_ =
      clustered_ ? membership::make_corosync_engine(io_) : membership::make_solo_engine(io_, self_);
  engine_->start({
      [this](const membership::Membership& changed) {
        look_at_clock();
        membership_changed_at_ = now();
        carry_out(replica_.membership_changed(membership::engine_view(changed)));
      },
      [this](core::NodeId from, std::string_view text) { heard(from, text); },
      [this](const membership::QuorumChanged& counted) {
        votes_.counted(counted);
        update_slot();
        judge_votes();
      },
      [this](const std::string& why) {
        note(Note::Level::warning, "Corosync", why);
        membership_changed_at_ = now();
        votes_.engine_lost();
        update_slot();
        carry_out(settings_.engine_lost());
        carry_out(replica_.engine_lost());
      },
  });
  stay_awake();
  ask_witness();
  backups_.start();
  fencer_.watch_devices([this]() -> const core::Config& { return config(); });
  react();
  co_return Result<void>{};
}

void Node::update_slot() {
  const size_t groups = groups_here();
  slots_.stand(votes_.standing(config().nodes.size()),
               {groups, groups == 0 ? replica_.ended_epoch() : std::nullopt,
                replica_.state().durable.epoch, pinger_.asks(), pinger_.reached()});
  if (slots_.waits_for_answer()) pinger_.ask();
}

// Who let go of everything is told to all, because it changes what they decide; and what was
// written, so that others can look for it.
void Node::tell_slots() {
  for (const core::Released& word : slots_.released())
    if (replica_.is_news(word)) say(word);
  if (const auto sequence = slots_.take_written(); sequence && clustered_)
    say(core::Wrote{*sequence});
  const auto before = std::exchange(apart_, slots_.apart());
  for (const core::NodeId node : apart_)
    if (!before.contains(node))
      note(Note::Level::error, "node " + config().node_name(node),
           fmt::format("does not write to what {} sees as {}: a copy?", name(),
                       core::slot_place(config())->name()));
}

void Node::judge_votes() {
  while (const auto word = votes_.judge(slots_.verdict())) engine_->judge(*word);
}

// On a worker, because votequorum does not answer while Corosync hangs.
void Node::ask_witness() {
  witness_timer_.async_wait([this](boost::system::error_code stopped) {
    if (stopped) return;
    asio::post(workers_, [this, config = config()] {
      const bool votes = membership::witness_votes_now().value_or(false);
      // Its certificate may have come or changed since; corosync-qdevice is started until it goes
      // on.
      const auto installed = install_witness_certificate(config, paths_);
      asio::post(io_, [this, votes, problem = installed ? "" : installed.error().what] {
        witness_votes_ = votes;
        witness_problem_ = problem;
        witness_timer_.expires_after(kAskWitness);
        ask_witness();
      });
    });
  });
}

void Node::tell_accounts() {
  accounts_timer_.expires_after(kTellAccounts);
  accounts_timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) tell_accounts();
  });
  asio::post(workers_, [this, config = config()] {
    auto accounts = read_accounts(config);
    asio::post(io_, [this, accounts = std::move(accounts)] { say(accounts); });
  });
}

// What it holds is undone as the keeper would do it, and proved, before it is forgotten.
Task<Result<void>> Node::end_unknown_group(process::KeptGroup group) {
  if (auto killed = co_await keeper_.kill_group(group.name); !killed) co_return killed;
  auto undone = process::undo_releases(group.releases, now() + timing_.release);
  if (!undone) co_return undone;
  co_return co_await keeper_.close_group(group.name);
}

// A processor that stood still goes on in the middle of whatever it was doing.
void Node::stay_awake() {
  look_at_clock();
  wakefulness_timer_.expires_after(timing_.detect / core::Wakefulness::kLooksPerDetect);
  wakefulness_timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) stay_awake();
  });
}

void Node::look_at_clock() {
  slots_.look_at_clock();
  if (!wakefulness_.overslept(now(), timing_.detect)) return;
  note(Note::Level::warning, "node " + name(),
       "stood still for longer than the others wait for it");
  replica_.overslept();
}

void Node::heard(core::NodeId from, std::string_view text) {
  look_at_clock();
  if (text.starts_with(settings::kFirstByte)) {
    const auto said = settings::decode(text);
    if (!said)
      return note(Note::Level::error, "node " + config().node_name(from), said.error().what);
    return carry_out(settings_.delivered(from, *said));
  }
  const auto message = proto::decode(text, read_config);
  if (!message) {
    note(Note::Level::error, "node " + config().node_name(from), message.error().what);
    return;
  }
  if (const auto* renew = std::get_if<core::Renew>(&*message)) {
    if (lease_.came_back(from, *renew, replica_, timing_)) wake_waiters();
    return;
  }
  if (const auto* wrote = std::get_if<core::Wrote>(&*message)) {
    if (from != self_) slots_.heard_written(from, wrote->sequence);
    return;
  }
  if (const auto* record = std::get_if<core::Record>(&*message)) {
    Json told = Json::parse(record->json, nullptr, false);
    if (told.is_object() && told.contains("backup"))
      backups_.add(std::move(told["backup"]));
    else if (told.is_object())
      timelines_.add(std::move(told));
    return;
  }
  if (const auto* word = std::get_if<core::Broadcast>(&*message)) {
    note(Note::Level::info, word->subject, word->text);
    asio::post(workers_, [text = terminal_text(word->subject, word->text)] {
      write_to_terminals(logged_in_terminals(), text);
    });
    return;
  }
  if (const auto* accounts = std::get_if<core::Accounts>(&*message)) {
    accounts_[from] = *accounts;
    return;
  }
  const bool agreed = replica_.agreed();
  carry_out(replica_.delivered(from, *message));
  if (agreed || !replica_.agreed()) return;
  agreed_at_ = now();
  tell_accounts();
}

void Node::carry_out(core::Ready ready) {
  if (ready.write) {
    const uint64_t number = ready.write->number;
    store_.write({ready.write->durable, ready.write->stale, ready.write->forgetful},
                 [this, number] { carry_out(replica_.written(number)); });
  }
  for (const core::Message& message : ready.send) say(message);
  for (const core::Outcome& outcome : ready.outcomes) answer(outcome);
  for (const Note& told : ready.notes) events_.add(told);
  carry_out(settings_.replica_changed(replica_));
  react();
}

// What follows from the state as it is now. Called after every step; does only what is new.
void Node::react() {
  react_to_config();
  update_slot();
  watch_right();
  files_.react();
  give_orders();
  run_timers();
  fencer_.carry_out(replica_.fences(), config(), timing_.fence_delay);
  // With a single node nobody else could take over, so nothing has to be proved.
  lease_.want(owns_something() && config().nodes.size() > 1, timing_);
  remember_since();
  wake_waiters();
}

size_t Node::groups_here() const {
  return static_cast<size_t>(std::ranges::count_if(
      groups_, [](const auto& entry) { return !entry.second->machine().idle(); }));
}

void Node::wake_waiters() {
  for (asio::steady_timer* waiting : waiting_for_change_) waiting->cancel();
}

void Node::react_to_config() {
  if (replica_.state().durable.applied.counter == config_counter_seen_) return;
  config_counter_seen_ = replica_.state().durable.applied.counter;
  timing_ = *core::derive_timing(config());
  if (config().find_node(self_) == nullptr) settings_file_.forget_damaged();
  if (engine_ && (config().nodes.size() > 1) != clustered_) {
    // The keeper holds what runs; it is the engine under tasukid that must be another.
    note(Note::Level::info, "configuration",
         "one server becomes a cluster or a cluster one server: tasukid starts anew");
    restart_timer_.expires_after(kAnswerFirst);
    restart_timer_.async_wait([](boost::system::error_code stopped) {
      if (!stopped) std::_Exit(EXIT_FAILURE);
    });
  }
  slots_.configure(config(), timing_);
  pinger_.configure(config().ping_hosts, timing_.witness_look);
  note(Note::Level::info, "configuration",
       fmt::format("version {} is in force", config_counter_seen_));
  for (auto& [name, runner] : groups_)
    if (const core::Group* group = config().find_group(name))
      runner->set_spec(executor::group_spec(config(), *group));
  update_node_services();
  files_.configure(config());
  tell_accounts();

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

Json Node::backups() const {
  return backups_.list([this](const core::GroupName& group) -> std::string {
    const auto state = replica_.state().groups.find(group);
    const bool held = state != replica_.state().groups.end() && state->second.holder;
    return held ? config().node_name(*state->second.holder) : "";
  });
}

std::set<core::NodeId> Node::seen_with_groups() const {
  std::set<core::NodeId> seen;
  for (const auto& [node, facts] : replica_.state().nodes) {
    const auto written = slots_.seen_with_groups(node);
    // What was found before its loss was noticed says nothing of whether it lives.
    if (!replica_.view().members.contains(node) &&
        replica_.state().let_go(node) == core::LetGo::unproven && written &&
        *written > membership_changed_at_ &&
        core::postponement(written, now(), timing_).count() > 0)
      seen.insert(node);
  }
  return seen;
}

Task<void> Node::look_for_writes(core::NodeId node) {
  if (!core::slot_place(config())) co_return;
  while (now() < membership_changed_at_ + timing_.witness_silence &&
         !seen_with_groups().contains(node))
    co_await wait_for_change(timing_.witness_look);
}

Json Node::status() const {
  StatusContext context;
  context.self = self_;
  context.time = time_of_day();
  for (const auto& [subject, entry] : since_) context.since[subject] = entry.second;
  // What this tasukid saw is as young as itself; when a group came up all members were told.
  for (const auto& [group, state] : replica_.state().groups)
    if (state.holder && state.phase == core::Phase::online)
      if (const auto up_at = timelines_.up_since(group.value, config().node_name(*state.holder)))
        context.since["group/" + group.value] = *up_at;
  context.node_services = node_service_states();
  context.witness_votes = witness_votes_;
  context.witness_problem = witness_problem_;
  if (core::nodes_judge_witness(config())) {
    context.witness_problem = slots_.problem();
    context.witness_votes = context.witness_problem.empty();
  } else {
    context.lease_problem = slots_.problem();
  }
  context.seen_with_groups = seen_with_groups();
  context.ping_problem = pinger_.problem();
  context.power_problems = fencer_.device_problems();
  context.account_problems = account_problems(config(), accounts_);
  context.file_problems = files_.problems();
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
