#include "cluster/simulation/tasukid.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "cluster/core/farewell.hpp"

namespace tasuki::simulation {

using core::Note;

namespace {

constexpr Time kLookAtKeeperAgain{100ms};
constexpr Time kAskAgain{50ms};
constexpr core::milliseconds kAskFor{30'000};
constexpr Time kSayAgain{500ms};
constexpr Time kLeaverWakes{100us};

}  // namespace

proto::StateFile load_state(const Surroundings& around, const DiskFile& file, core::NodeId node,
                            const core::AppliedConfig& initial) {
  if (!file.content().empty()) {
    auto kept = proto::decode_state_file(file.content(), [&](const std::string& text) {
                  return around.read_config(text);
                }).value();
    if (kept.durable.applied.config.find_node(node) != nullptr) return kept;
  }
  proto::StateFile anew;
  anew.forgetful = !file.content().empty();
  anew.durable.applied = initial;
  return anew;
}

Tasukid::Tasukid(Context context)
    : context_(std::move(context)),
      group_context_{context_.around,
                     context_.hardware,
                     context_.keeper,
                     life_,
                     [this](const core::GroupReport& said) {
                       say(core::Report{said});
                       // The machine is in the middle of a step.
                       context_.hardware.after(Time{}, life_, [this] { react(); });
                     },
                     [this](const Note& told) { note(told); },
                     [this] {
                       return (replica_->agreed() && lease_.held(context_.hardware.now())) ||
                              config().nodes.size() == 1;
                     },
                     [this] { return replica_->state().durable.epoch; }},
      slots_(
          context_.hardware, context_.witness, [this] { judge_votes(); }, [this] { tell_slots(); }),
      fences_(context_.hardware.id()),
      boot_(static_cast<uint64_t>(context_.around.now().count())) {}

Tasukid::~Tasukid() {
  life_.end();
  connection_.end();
  renewals_.end();
  for (auto& [name, timer] : timers_) timer.end();
  context_.corosync.disconnect(self());
  context_.state_file.lose_writes();
  context_.settings_file.lose_writes();
}

// --- Its start ----------------------------------------------------------------------------------

void Tasukid::start() {
  context_.keeper.connect(life_, [this](const process::Event& event) {
    const auto* exited = std::get_if<process::Exited>(&event);
    if (exited == nullptr) return;
    const auto group = groups_.find(core::GroupName{exited->name.group});
    if (group != groups_.end()) group->second->exited(*exited);
  });
  context_.keeper.ask(process::Hello{}, [this, life = life_](const process::Answer& answer) {
    if (life.lasts()) hear_of_keeper(std::get<process::HelloReply>(answer));
  });
}

void Tasukid::hear_of_keeper(const process::HelloReply& kept) {
  if (!kept.lease_expired || kept.groups.empty()) return take_over(kept);
  // It is about to let go of them, or resets the node.
  context_.hardware.after(kLookAtKeeperAgain, life_, [this] {
    context_.keeper.ask(process::Hello{}, [this, life = life_](const process::Answer& answer) {
      if (life.lasts()) hear_of_keeper(std::get<process::HelloReply>(answer));
    });
  });
}

void Tasukid::make_replica(const process::HelloReply& kept) {
  const proto::StateFile state =
      load_state(context_.around, context_.state_file, self(), context_.initial);
  replica_ = std::make_unique<core::Replica>(self(), state.durable, state.stale, [this] {
    std::vector<core::GroupReport> holds;
    for (const auto& [name, group] : groups_)
      if (auto held = group->machine().holds()) holds.push_back(std::move(*held));
    return holds;
  });
  if (state.forgetful) replica_->is_forgetful();
  timing_ = *core::derive_timing(config());
  replica_->tell_hardware({kept.watchdog, context_.hardware.traits().pausable});
  if (!kept.leased) replica_->was_off();
  config_counter_seen_ = replica_->state().durable.applied.counter;
  slots_.configure(config(), timing_);
  open_settings();
}

void Tasukid::take_over(const process::HelloReply& kept) {
  make_replica(kept);
  if (kept.lease_expired)
    note({Note::Level::warning, "node " + config().node_name(self()),
          "the keeper let go of the groups here: tasukid had not answered, this side had lost its "
          "right to them, or a keeper died"});
  for (const process::KeptGroup& group : kept.groups) {
    const core::Group* configured = config().find_group(core::GroupName{group.name});
    if (configured == nullptr) {
      note({Note::Level::warning, "group " + group.name,
            "is not in the configuration; it is ended"});
      for (const process::Release& release : group.releases)
        context_.hardware.let_go(owner_of(release).first, owner_of(release).second);
      context_.keeper.ask(process::KillGroup{group.name}, {});
      context_.keeper.ask(process::CloseGroup{group.name}, {});
      continue;
    }
    note({Note::Level::info, "group " + group.name, "is still here; tasukid takes it over"});
    group_host(*configured).adopt(group.note.value("ticket", uint64_t{0}));
  }
  if (context_.corosync.runs(self())) connect();
  stay_awake();
  react();
}

// --- The engine ---------------------------------------------------------------------------------

void Tasukid::connect() {
  connection_ = Life();
  joiner_ = membership::MembershipJoiner();
  heard_ = {};
  votes_.engine_lost();
  context_.corosync.connect(
      self(),
      {connection_, [this](const membership::Observation& observation) { observe(observation); },
       [this](const std::string& why) { engine_lost(why); }});
}

void Tasukid::engine_is_back() {
  if (replica_) connect();
}

void Tasukid::engine_lost(const std::string& why) {
  connection_.end();
  votes_.engine_lost();
  update_slot();
  note({Note::Level::warning, "Corosync", why});
  heard_ = {};
  carry_out(settings_->engine_lost());
  carry_out(replica_->engine_lost());
}

void Tasukid::stay_awake() {
  look_at_clock();
  context_.hardware.at(
      context_.hardware.now() + timing_.detect / core::Wakefulness::kLooksPerDetect, life_,
      [this] { stay_awake(); });
}

void Tasukid::look_at_clock() {
  slots_.look_at_clock();
  if (!wakefulness_.overslept(context_.hardware.now(), timing_.detect)) return;
  note({Note::Level::warning, "node " + config().node_name(self()),
        "stood still for longer than the others wait for it"});
  replica_->overslept();
}

void Tasukid::observe(const membership::Observation& observation) {
  look_at_clock();
  const auto* counted = std::get_if<membership::QuorumChanged>(&observation);
  if (counted == nullptr) return follow(observation);
  votes_.counted(*counted);
  update_slot();
  judge_votes();
}

void Tasukid::update_slot() {
  const size_t groups = groups_here();
  const auto& falsify = context_.around.hooks.release_early;
  const bool released = groups == 0 || (falsify && falsify());
  slots_.stand(
      votes_.standing(config().nodes.size()),
      {groups, released ? replica_->ended_epoch() : std::nullopt, replica_->state().durable.epoch});
}

// Who let go of everything is told to all, because it changes what they decide.
void Tasukid::tell_slots() {
  for (const core::Released& word : slots_.released())
    if (replica_->is_news(word)) say(word);
  if (const auto sequence = slots_.take_written()) say(core::Wrote{*sequence});
}

void Tasukid::judge_votes() {
  while (const auto word = votes_.judge(slots_.verdict()))
    context_.hardware.after(Time{}, connection_, [this, word] { follow(*word); });
}

void Tasukid::follow(const membership::Observation& observation) {
  const Life connection = connection_;
  for (const membership::Step& step : joiner_.observe(observation)) {
    if (!connection.lasts()) return;
    if (const auto* message = std::get_if<membership::Message>(&step)) {
      heard(*message);
      continue;
    }
    const core::EngineView view = membership::engine_view(std::get<membership::Membership>(step));
    // Of a majority that comes or goes each node hears at its own time.
    const bool only_quorum = view.ring == heard_.ring &&
                             view.view.members == replica_->view().members &&
                             view.view.alive == replica_->view().alive;
    if (view.ring != heard_.ring) heard_ = {view.ring, 0};
    if (!only_quorum)
      for (const core::NodeId member : view.view.members) remember(fmt::format("{}", member));
    carry_out(replica_->membership_changed(view));
    context_.changed();
  }
}

void Tasukid::remember(const std::string& what) {
  constexpr uint64_t kPrime = 1099511628211U;  // of the hash FNV-1a
  heard_.told = (heard_.told ^ std::hash<std::string>{}(what)) * kPrime;
}

void Tasukid::heard(const membership::Message& said) {
  if (said.content.starts_with(settings::kFirstByte)) return heard_setting(said);
  core::Message message = context_.around.decode(said.content);
  if (const auto* renew = std::get_if<core::Renew>(&message)) {
    if (said.from == self()) lease_came_back(*renew);
    return;
  }
  if (const auto* wrote = std::get_if<core::Wrote>(&message)) {
    if (said.from != self()) slots_.heard_written(said.from, wrote->sequence);
    return;
  }
  remember(said.content);
  if (context_.around.hooks.hear) {
    auto changed = context_.around.hooks.hear(self(), said.from, std::move(message));
    if (!changed) return;
    message = std::move(*changed);
  }
  carry_out(replica_->delivered(said.from, message));
  context_.changed();
}

void Tasukid::lease_came_back(const core::Renew& renew) {
  const auto since =
      lease_.came_back(self(), renew, *replica_, timing_.lease, context_.hardware.now());
  if (!since) return;
  context_.keeper.ask(process::Lease{*since, timing_.lease, timing_.release}, {});
  for (auto& [name, host] : groups_) host->look_at_lease();
}

void Tasukid::say(const core::Message& message) {
  const auto& falsify = context_.around.hooks.say;
  if (!falsify || std::holds_alternative<core::Renew>(message))
    return context_.corosync.send(self(), proto::encode(message));
  if (const auto said = falsify(self(), message))
    context_.corosync.send(self(), proto::encode(*said));
}

// --- What follows -------------------------------------------------------------------------------

void Tasukid::carry_out(core::Ready ready) {
  const Hooks& hooks = context_.around.hooks;
  if (ready.write) {
    proto::StateFile file{ready.write->durable, ready.write->stale, ready.write->forgetful};
    if (hooks.write) file = hooks.write(std::move(file));
    const auto written = [this, number = ready.write->number] {
      carry_out(replica_->written(number));
    };
    const bool at_once = hooks.acknowledge_at_once && hooks.acknowledge_at_once();
    context_.state_file.replace(proto::encode_state_file(file), life_,
                                at_once ? Act([] {}) : written);
    if (at_once) context_.hardware.after(Time{}, life_, written);
  }
  for (const core::Message& message : ready.send) say(message);
  for (const core::Outcome& outcome : ready.outcomes) {
    const auto found = waiting_.find(outcome.id);
    if (found == waiting_.end()) continue;
    const Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    const bool again = !outcome.version && outcome.version.error().code == EAGAIN &&
                       context_.hardware.now() < waiting.deadline;
    if (again)
      context_.hardware.after(kAskAgain, life_,
                              [this, id = outcome.id, waiting] { ask(id, waiting); });
    else
      waiting.answered(outcome.version);
  }
  for (const Note& told : ready.notes) note(told);
  carry_out(settings_->replica_changed(*replica_));
  react();
}

void Tasukid::react() {
  react_to_config();
  update_slot();
  watch_right();
  give_orders();
  run_timers();
  carry_out_fences();
  want_lease(owns_something() && config().nodes.size() > 1);
  wake_leaver();
}

size_t Tasukid::groups_here() const {
  return static_cast<size_t>(std::ranges::count_if(
      groups_, [](const auto& entry) { return !entry.second->machine().idle(); }));
}

void Tasukid::react_to_config() {
  if (replica_->state().durable.applied.counter == config_counter_seen_) return;
  config_counter_seen_ = replica_->state().durable.applied.counter;
  timing_ = *core::derive_timing(config());
  slots_.configure(config(), timing_);
  note({Note::Level::info, "configuration",
        fmt::format("version {} is in force", config_counter_seen_)});
  for (auto& [name, host] : groups_)
    if (const core::Group* group = config().find_group(name))
      host->set_spec(executor::group_spec(config(), *group));
  context_.corosync.configure(self(), engine_config(config()));
}

void Tasukid::watch_right() {
  const bool was_isolated = right_.isolated();
  right_.look(replica_->may_keep(), context_.hardware.now(), timing_.isolation_grace);
  if (right_.isolated() && !was_isolated && owns_something())
    note(core::isolation_note(config().node_name(self())));
  const auto deadline = right_.deadline();
  if (deadline == look_at_right_) return;
  look_at_right_ = deadline;
  if (deadline)
    context_.hardware.at(*deadline, life_, [this, deadline] {
      if (look_at_right_ == deadline) react();
    });
}

void Tasukid::give_orders() {
  if (!executor::gives_orders(*replica_, standing())) return;
  std::map<core::GroupName, executor::Order> known;
  for (const auto& [name, host] : groups_) known[name] = host->machine().order();
  const executor::Orders orders = executor::decide_orders(*replica_, standing(), known);
  for (const core::Report& denied : orders.deny) say(denied);
  for (const auto& [name, order] : orders.give) {
    const core::Group* group = config().find_group(name);
    (group != nullptr ? group_host(*group) : *groups_.at(name)).set_order(order);
  }
  std::erase_if(groups_, [this](const auto& entry) {
    return executor::may_forget(*replica_, standing(), entry.second->machine());
  });
}

GroupHost& Tasukid::group_host(const core::Group& group) {
  auto& host = groups_[group.name];
  if (!host)
    host = std::make_unique<GroupHost>(group_context_, executor::group_spec(config(), group));
  return *host;
}

void Tasukid::run_timers() {
  const auto wanted = replica_->agreed()
                          ? core::timers_of(replica_->state(), replica_->view(), timing_)
                          : std::vector<core::Timer>{};
  std::erase_if(timers_, [&](const auto& running) {
    const bool over = std::ranges::none_of(wanted, [&](const core::Timer& timer) {
      return timer.owner == self() && timer.name == running.first;
    });
    if (over) running.second.end();
    return over;
  });
  for (const core::Timer& timer : wanted) {
    if (timer.owner != self() || timers_.contains(timer.name)) continue;
    const Life life;
    timers_[timer.name] = life;
    Time duration = timer.duration;
    if (context_.around.hooks.timer) duration = context_.around.hooks.timer(timer.name, duration);
    run_timer(timer, duration, life);
  }
}

void Tasukid::run_timer(const core::Timer& timer, Time duration, const Life& life) {
  context_.hardware.at(context_.hardware.now() + duration, life, [this, timer, life] {
    core::milliseconds more{};
    if (timer.ends_lease_of)
      more = core::postponement(slots_.seen_with_groups(*timer.ends_lease_of),
                                context_.hardware.now(), timing_);
    if (more > core::milliseconds{}) return run_timer(timer, more, life);
    context_.timer_expired(timer.name);
    say(core::TimerExpired{timer.name});
  });
}

void Tasukid::carry_out_fences() {
  // A switch answers in about half the time in which it switches off.
  const core::milliseconds delay = core::losing_delay(
      timing_.fence_delay,
      std::chrono::duration_cast<core::milliseconds>(context_.around.pace.power_off.usual / 2));
  for (const core::FenceQueue::Begin& begin : fences_.take(replica_->fences(), delay))
    context_.hardware.after(begin.wait, life_, [this, order = begin.order] { fence(order); });
}

void Tasukid::fence(const core::FenceOrder& order) {
  if (!core::still_wanted(replica_->fences(), order)) {
    fences_.ended(order.target);
    return react();
  }
  const core::Moment begun = context_.hardware.now();
  context_.power_switch(order.target)
      .prove_off(*config().find_node(order.target), context_.hardware, life_,
                 [this, order, begun](Result<void> proof) {
                   const auto& falsify = context_.around.hooks.fence;
                   if (falsify) proof = falsify(std::move(proof));
                   fences_.told(order);
                   const auto took = std::chrono::duration_cast<core::milliseconds>(
                       context_.hardware.now() - begun);
                   say(core::FenceResult{order.target, order.attempt, proof.has_value(),
                                         proof ? "" : proof.error().what, took.count()});
                   fences_.ended(order.target);
                   react();
                 });
}

void Tasukid::want_lease(bool wanted) {
  if (!lease_.want(wanted)) return;
  renewals_.end();
  renewals_ = Life();
  if (wanted) return renew_lease();
  context_.keeper.ask(process::Lease{context_.hardware.now(), {}, {}}, {});
}

void Tasukid::renew_lease() {
  const core::Renew renew = lease_.say(context_.hardware.now());
  if (context_.around.hooks.renew_alone && context_.around.hooks.renew_alone())
    context_.keeper.ask(process::Lease{context_.hardware.now(), timing_.lease, timing_.release},
                        {});
  say(renew);
  context_.hardware.at(context_.hardware.now() + timing_.renew, renewals_,
                       [this] { renew_lease(); });
}

void Tasukid::note(const Note& note) const {
  if (context_.around.log) context_.around.log({context_.around.now(), self(), note});
}

// --- What people ask ----------------------------------------------------------------------------

void Tasukid::request(const core::Change& change, Answered answered) {
  // The same when it is asked for again, so that it is not made twice.
  const std::string id = fmt::format("{}-{}-{}", self(), boot_, next_request_++);
  ask(id, {change, std::move(answered), context_.hardware.now() + kAskFor});
}

void Tasukid::ask(const std::string& id, const Waiting& waiting) {
  waiting_[id] = waiting;
  carry_out(replica_->request(id, waiting.change));
}

void Tasukid::apply_config(const core::AppliedConfig& applied, Answered answered) {
  if (replica_->may_decide() || replica_->state().durable.epoch > 0)
    return request(core::ApplyConfig{applied}, std::move(answered));
  carry_out(replica_->adopt_config(applied));
  answered(replica_->state().durable.version);
}

void Tasukid::confirm_down_alone(core::NodeId node) {
  carry_out(replica_->confirm_down_alone(node));
}

void Tasukid::break_resource(const core::GroupName& group, const core::ResourceName& resource,
                             const std::string& why) {
  const auto host = groups_.find(group);
  if (host != groups_.end()) host->second->break_resource(resource, why);
}

void Tasukid::leave() {
  leaving_ = true;
  say_farewell();
}

// As Node::leave() waits: for a change, or for a while.
void Tasukid::wake_leaver() {
  if (!leaving_ || std::exchange(leaver_wakes_, true)) return;
  context_.hardware.after(kLeaverWakes, life_, [this] {
    leaver_wakes_ = false;
    say_farewell();
  });
}

void Tasukid::say_farewell() {
  right_.leave(replica_->may_decide());
  leaver_wakes_ = true;  // not by itself
  react();
  leaver_wakes_ = false;
  const core::Farewell next = core::decide_farewell(*replica_, !owns_something());
  if (next.gone)
    return context_.hardware.after(Time{}, life_, [exited = context_.exited] { exited(); });
  if (next.say) say(*next.say);
  context_.hardware.after(kSayAgain, life_, [this] { wake_leaver(); });
}

}  // namespace tasuki::simulation
