#include "cluster/core/replica.hpp"

#include <algorithm>
#include <cerrno>
#include <ranges>

#include <fmt/format.h>

#include "cluster/core/timers.hpp"
#include "cluster/core/watch_ids.hpp"
#include "kit/assert.hpp"

namespace tasuki::core {
namespace {

// More memberships than one that was given up can have been in alone: one a second for 30 years.
constexpr uint64_t kEpochsOfOneGivenUp = 1'000'000'000;

// Under this name members tell each other that they have the epoch on their disks.
std::string epoch_id(uint64_t epoch) {
  return fmt::format("epoch {}", epoch);
}

}  // namespace

Replica::Replica(NodeId self, Durable durable, bool stale,
                 std::function<std::vector<GroupReport>()> holds)
    : self_(self), stale_(stale), holds_(std::move(holds)) {
  state_.durable = std::move(durable);
}

void Replica::was_off() {
  leased_ = false;
  const bool alone = decided_by_fence(state_.config());
  std::erase_if(state_.durable.let_go,
                [&](const auto& proof) { return alone || proof.second == LetGo::confirmed; });
}

void Replica::overslept() {
  current_ = false;
  // What it said of itself before is not so any more.
  if (connected_ && !agreed_) ready_.send.emplace_back(hello());
}

Ready Replica::membership_changed(const EngineView& engine) {
  const bool only_quorum_changed = connected_ && engine.ring == view_.ring &&
                                   engine.view.members == view_.view.members &&
                                   engine.view.alive == view_.view.alive;
  connected_ = true;
  engine_quorate_ = engine.view.quorate;
  if (!only_quorum_changed) {
    // It was in a ring, for too short a time to agree on anything, while others may have gone on.
    if (!agreed_ && !view_.view.quorate && others_could_decide(state_.config(), view_.view.alive))
      current_ = false;
    // What was proved of a node ends when it is seen again.
    for (const NodeId node : engine.view.members)
      if (!view_.view.members.contains(node)) state_.durable.let_go.erase(node);
    state_.met.insert(engine.view.members.begin(), engine.view.members.end());
    view_ = engine;
    agreed_ = false;
    settings_compared_ = false;
    snapshot_from_.reset();
    hellos_.clear();
    fences_.clear();
    end_pending("the membership changed");
    // Whether the right is lost is judged when the members agree: between two rings an engine may
    // be without a majority for a moment that means nothing.
    // What this node said while the members had not agreed, nobody has acted upon.
    for (const Early& early : std::exchange(early_, {}))
      if (early.from == self_) ready_.send.push_back(early.message);
  }
  ready_.send.emplace_back(hello());
  return take();
}

Ready Replica::engine_lost() {
  connected_ = false;
  engine_quorate_ = false;
  agreed_ = false;
  fences_.clear();
  early_.clear();
  view_ = {};
  const std::string why = "the connection to Corosync was lost";
  end_pending(why);
  for (const std::string& id : std::set(asked_)) answer(id, failure(why, EAGAIN));
  gain_or_lose_right();
  return take();
}

Hello Replica::hello() const {
  Hello hello;
  hello.ring = view_.ring;
  hello.members = view_.view.members;
  hello.quorate = engine_quorate_;
  hello.current = current_;
  hello.forgetful = forgetful_;
  hello.epoch = state_.durable.epoch;
  hello.epoch_members = state_.durable.epoch_members;
  hello.settled = settled();
  hello.settled_epoch = state_.durable.settled_epoch;
  hello.version = state_.durable.version;
  hello.config_counter = state_.durable.applied.counter;
  hello.config_hash = state_.durable.applied.hash;
  hello.next_ticket = state_.next_ticket;
  hello.hardware = hardware_;
  hello.leased = leased_;
  hello.time = time_();
  hello.holds = holds_();
  for (GroupReport& report : hello.holds)
    if (const auto group = state_.groups.find(report.group);
        group != state_.groups.end() && group->second.holder == self_) {
      report.previous = group->second.previous;
      report.proof = group->second.proof;
    }
  hello.settings = settings_();
  return hello;
}

Ready Replica::delivered(NodeId from, const Message& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    hear_hello(from, *hello);
  } else if (const auto* snapshot = std::get_if<Snapshot>(&message)) {
    if (snapshot_from_ == from && snapshot->ring == view_.ring) agree(snapshot->state);
  } else if (!agreed_) {
    early_.push_back({from, message, hellos_.contains(from)});
  } else {
    apply(from, message);
    replan();
  }
  return take();
}

void Replica::hear_hello(NodeId from, const Hello& hello) {
  if (hello.ring != view_.ring || hello.members != view_.view.members) return;
  const auto before = hellos_.find(from);
  const bool adopted = before != hellos_.end() && hello.epoch == 0 &&
                       hello.config_counter > before->second.config_counter;
  // What came of it after all had agreed, they know of each other.
  const bool current = agreed_ ? before->second.current : hello.current;
  hellos_[from] = hello;
  hellos_[from].current = current;
  if (adopted) {
    agreed_ = false;
    snapshot_from_.reset();
  }
  if (!agreed_) return try_to_agree();
  // The members' engines hear of a lost or found majority one after the other; what counts is the
  // moment at which the last of them said so.
  const bool quorate = everybody_quorate();
  if (quorate == view_.view.quorate) return;
  view_.view.quorate = quorate;
  if (quorate && !informed_) {
    distrust_absent(state_, view_.view);
    informed_ = knows_newest(state_, hellos_);
  }
  gain_or_lose_right();
  replan();
}

bool Replica::everybody_quorate() const {
  return std::ranges::all_of(hellos_, [](const auto& entry) { return entry.second.quorate; });
}

bool Replica::right_here() const {
  View here = view_.view;
  here.quorate = here.quorate && engine_quorate_;
  return connected_ && has_right_to_decide(state_, here);
}

bool Replica::may_keep() const {
  if (decided_by_fence(state_.config())) return true;
  return connected_ && (engine_quorate_ || others_are_down_by_word(state_, view_.view));
}

std::optional<uint64_t> Replica::ended_epoch() const {
  // One that overslept without its ring noticing goes on in the epoch.
  if (current_ || may_decide()) return std::nullopt;
  const auto last = state_.durable.last_epochs.find(self_);
  return last == state_.durable.last_epochs.end() ? std::nullopt : std::optional(last->second);
}

bool Replica::is_news(const Released& word) const {
  const auto last = state_.durable.last_epochs.find(word.node);
  return may_decide() && !view_.view.members.contains(word.node) &&
         last != state_.durable.last_epochs.end() && last->second == word.epoch &&
         state_.let_go(word.node) == LetGo::unproven;
}

void Replica::try_to_agree() {
  disagreement_.clear();
  if (hellos_.size() != view_.view.members.size() || snapshot_from_) return;
  disagreement_ = find_disagreement(state_, hellos_);
  if (!disagreement_.empty()) return note(Note::Level::error, "cluster", disagreement_);
  if (hellos_.size() == 1) return agree(state_);
  // Always, also when all seem to know the same: just before a membership breaks up its members may
  // have been told more or less of what was said last.
  snapshot_from_ = most_knowing(hellos_);
  if (snapshot_from_ == self_) ready_.send.emplace_back(Snapshot{view_.ring, state_});
}

void Replica::agree(const State& base) {
  const Durable before = state_.durable;
  state_ = base;
  // What it takes over here it has not lived through.
  forgetful_ |= before.epoch == 0 && state_.durable.epoch > 0;
  agreed_ = true;
  snapshot_from_.reset();
  view_.view.quorate = everybody_quorate();
  const std::vector<Early> early = std::exchange(early_, {});
  // What a node reported before its hello is older than what the hello says, but tells why.
  for (const Early& said : early)
    if (const auto* report = std::get_if<Report>(&said.message); report && !said.greeted)
      apply_report(said.from, report->report);
  std::ranges::move(go_on_from(state_, view_.view, hellos_), std::back_inserter(ready_.notes));
  informed_ = knows_newest(state_, hellos_);
  note(Note::Level::info, "cluster",
       fmt::format("{} of {} nodes agree on version {}, configuration {}",
                   view_.view.members.size(), state_.config().nodes.size(), state_.durable.version,
                   state_.durable.applied.counter));
  for (const NodeId node : state_.durable.epoch_members)
    if (!view_.view.members.contains(node) && state_.let_go(node) == LetGo::unproven &&
        state_.config().find_node(node) != nullptr)
      note(Note::Level::warning, fmt::format("node {}", state_.config().node_name(node)),
           view_.view.alive.contains(node) ? "its tasukid does not answer" : "is lost");
  hear_who_has_the_epoch();
  gain_or_lose_right();
  for (const Early& said : early)
    if (said.greeted || !std::holds_alternative<Report>(said.message))
      apply(said.from, said.message);
  if (state_.durable != before) write_now();
  replan();
}

void Replica::gain_or_lose_right() {
  const bool right = connected_ && right_to_decide();
  if (agreed_ && informed_ && right) {
    const auto is_current = [](const auto& entry) { return entry.second.current; };
    const bool new_epoch = !std::ranges::all_of(hellos_, is_current) ||
                           state_.durable.epoch_members != view_.view.members;
    const bool some_lack_settings = lose_settings();
    const bool gave_up_some = !knows_newest(state_, hellos_, Vouches::do_not_count);
    current_ = true;
    forgetful_ = false;
    for (auto& [node, hello] : hellos_) {
      hello.current = true;
      hello.forgetful = false;
    }
    if (!new_epoch && !some_lack_settings) return;
    return begin_epoch(gave_up_some);
  }
  // While members greet each other again nothing is lost yet; and of two nodes without a witness
  // nobody can decide elsewhere while this one is alive, because that takes this one's death.
  if (right || decided_by_fence(state_.config())) return;
  informed_ = false;
  if (agreed_)
    for (auto& [node, hello] : hellos_) hello.current = false;
  if (!current_) return;
  current_ = false;
  stale_ = true;
  note(
      Note::Level::warning, "cluster",
      "this side has lost the right to decide; it marks itself stale and stops its groups in time");
  write_now();
}

// Once in each membership, before any setting is changed in it. Whether somebody has them no
// longer.
bool Replica::lose_settings() {
  if (std::exchange(settings_compared_, true)) return false;
  const auto before = state_.durable.has_settings;
  agree_on_settings(state_, view_.view, hellos_);
  return state_.durable.has_settings != before;
}

// `gave_up_some`: only somebody's word says that no newer change is missing. Those that it was said
// of may have gone on, alone or with others; they must never seem to know more than this side.
void Replica::begin_epoch(bool gave_up_some) {
  stale_ = false;
  state_.durable.epoch += gave_up_some ? kEpochsOfOneGivenUp : 1;
  state_.durable.epoch_members = view_.view.members;
  for (const NodeId member : view_.view.members)
    state_.durable.last_epochs[member] = state_.durable.epoch;
  write_now();
  epoch_stored_by_.clear();
  epoch_write_ = write_number_;
}

// Of what was said of it in an earlier ring some may have heard more than others.
void Replica::hear_who_has_the_epoch() {
  epoch_stored_by_.clear();
  const bool known = std::ranges::any_of(hellos_, [&](const auto& entry) {
    return entry.second.settled && entry.second.epoch == state_.durable.epoch;
  });
  if (known) {
    epoch_stored_by_ = state_.durable.epoch_members;
    settle_epoch();
  } else if (!epoch_write_) {
    ready_.send.emplace_back(Stored{epoch_id(state_.durable.epoch)});
  }
}

void Replica::settle_epoch() {
  if (state_.durable.settled_epoch != state_.durable.epoch) {
    state_.durable.settled_epoch = state_.durable.epoch;
    write_now();
  }
  for (auto& [node, facts] : state_.nodes)
    if (state_.durable.epoch_members.contains(node)) facts.just_back = facts.back_too_long = false;
  advance_pending();
}

bool Replica::settled() const {
  return std::ranges::includes(epoch_stored_by_, state_.durable.epoch_members);
}

void Replica::apply(NodeId from, const Message& message) {
  const auto proofs_before = state_.durable.let_go;
  if (const auto* report = std::get_if<Report>(&message)) {
    apply_report(from, report->report);
  } else if (const auto* propose = std::get_if<Propose>(&message)) {
    pending_.push_back({propose->id, propose->change, {}, 0, {}});
    advance_pending();
  } else if (const auto* stored = std::get_if<Stored>(&message)) {
    if (stored->id == epoch_id(state_.durable.epoch)) epoch_stored_by_.insert(from);
    if (settled()) settle_epoch();
    if (!pending_.empty() && pending_.front().id == stored->id) {
      pending_.front().stored.insert(from);
      advance_pending();
    }
  } else if (const auto* result = std::get_if<FenceResult>(&message)) {
    apply_fence_result(*result);
  } else if (const auto* word = std::get_if<Released>(&message)) {
    apply_released(*word);
  } else if (const auto* has = std::get_if<HasSettings>(&message)) {
    apply_has_settings(from, *has);
  } else if (const auto* expired = std::get_if<TimerExpired>(&message)) {
    apply_expiry(state_, view_.view, expired->timer, may_decide());
    for (const auto& [lost, proof] : state_.durable.let_go)
      if (proof == LetGo::lease && !proofs_before.contains(lost))
        note(Note::Level::info, fmt::format("node {}", state_.config().node_name(lost)),
             "its lease ran out, so it is bound to have let go of everything");
  } else if (std::holds_alternative<Leaving>(message)) {
    state_.nodes[from].leaving = true;
    note(Note::Level::info, fmt::format("node {}", state_.config().node_name(from)),
         "leaves the cluster; its groups move first");
  } else if (std::holds_alternative<Goodbye>(message)) {
    state_.nodes[from].leaving = true;
    // One that was told to start something after it had said so says it again.
    if (!state_.holds_anything(from)) state_.durable.let_go[from] = LetGo::left;
  }
  if (state_.durable.let_go != proofs_before) write_now();
}

void Replica::apply_report(NodeId from, const GroupReport& report) {
  // A node that closed it does not begin a holding of that ticket again, whoever gave it out.
  state_.next_ticket = std::max(state_.next_ticket, report.ticket + 1);
  const auto found = state_.groups.find(report.group);
  if (found == state_.groups.end()) return;
  GroupState& group = found->second;
  if (report.phase == Phase::offline) group.may_be_on.erase(from);
  if (group.holder != from || group.ticket != report.ticket) return;
  const std::string node = state_.config().node_name(from);
  const std::string subject = fmt::format("group {}", report.group);
  const bool came_up = report.phase == Phase::online && group.phase != Phase::online;
  const bool at_start = group.phase == Phase::starting;
  group.phase = report.phase;
  group.resources = report.resources;
  group.watches = accepted_watches(state_, report);
  group.suspended = report.suspended;
  if (came_up) note(Note::Level::info, subject, fmt::format("is up on {}: {}", node, group.reason));
  if (report.phase == Phase::stuck) {
    group.failures[from] = {report.failure, state_.next_failure++, at_start, true};
    note(Note::Level::error, subject,
         fmt::format("cannot be stopped on {}: {}", node, report.failure));
  }
  if (report.phase != Phase::offline) return;

  group.holder.reset();
  group.previous = from;
  group.wanted_up = false;
  if (report.failure.empty()) {
    // Asked to stop. Where it goes next is a start; but a node that leaves hands over.
    group.event = Event::start;
    note(Note::Level::info, subject,
         fmt::format("is down on {}: {}", node,
                     may_decide() ? group.reason : "this side has no right to decide"));
  } else {
    group.event = Event::failover;
    group.failures[from] = {report.failure, state_.next_failure++, at_start};
    group.reason = report.failure;
    note(Note::Level::warning, subject, fmt::format("failed on {}: {}", node, report.failure));
  }
}

void Replica::apply_fence_result(const FenceResult& result) {
  if (view_.view.members.contains(result.target)) return;
  NodeState& node = state_.nodes[result.target];
  const std::string subject = fmt::format("node {}", state_.config().node_name(result.target));
  if (result.proved) {
    state_.durable.let_go[result.target] = LetGo::power_off;
    node.fence_problem.clear();
    note(Note::Level::info, subject,
         fmt::format("its power is off, confirmed after {} ms", result.milliseconds));
    gain_or_lose_right();
    return;
  }
  if (result.attempt != node.fence_attempts) return;
  ++node.fence_attempts;
  node.fence_problem = result.problem;
  note(Note::Level::error, subject, fmt::format("cannot be switched off: {}", result.problem));
}

// Whatever the node started since, it started in a newer epoch that has it as a member. Who knows
// of none such could still have lost it with a disk that hung, so a word counts only when the node
// wrote it since this side's epoch began (witness::Voter::released).
void Replica::apply_released(const Released& word) {
  if (!is_news(word)) return;
  state_.durable.let_go[word.node] = LetGo::released;
  note(Note::Level::info, fmt::format("node {}", state_.config().node_name(word.node)),
       "wrote that it let go of everything");
}

std::string Replica::settings_basis() const {
  return fmt::format("{}/{}", view_.ring, state_.durable.applied.counter);
}

void Replica::apply_has_settings(NodeId from, const HasSettings& word) {
  const Group* group = state_.config().find_group(word.group);
  const bool may_have =
      group != nullptr && std::ranges::find(group->policy, from) != group->policy.end();
  if (!may_decide() || word.basis != settings_basis() || !may_have) return;
  state_.durable.has_settings[word.group].insert(from);
  note(Note::Level::info, fmt::format("group {}", word.group),
       fmt::format("{} has all its settings", state_.config().node_name(from)));
  write_now();
}

Ready Replica::written(uint64_t number) {
  if (!pending_.empty() && pending_.front().active && pending_.front().write_number == number) {
    pending_.front().on_disk = true;
    ready_.send.emplace_back(Stored{pending_.front().id});
  }
  // Every write has the epoch of its time or a later one.
  if (epoch_write_ && number >= *epoch_write_) {
    epoch_write_.reset();
    ready_.send.emplace_back(Stored{epoch_id(state_.durable.epoch)});
  }
  return take();
}

void Replica::replan() {
  if (!agreed_) return;
  leased_ |= state_.holds_anything(self_);
  const Durable before = state_.durable;
  const Plan next = plan(state_, view_.view, may_decide());
  for (const Decision& decision : next.decisions) {
    const bool acts = std::holds_alternative<Start>(decision.verdict) ||
                      std::holds_alternative<Stop>(decision.verdict) ||
                      std::holds_alternative<GiveUp>(decision.verdict);
    const bool news = acts || (std::holds_alternative<Wait>(decision.verdict) &&
                               state_.groups[decision.group].reason != decision.text());
    if (!news) continue;
    const auto* start = std::get_if<Start>(&decision.verdict);
    const bool plain_start = start != nullptr && start->event != Event::failover;
    note(std::holds_alternative<GiveUp>(decision.verdict) ? Note::Level::error : Note::Level::info,
         fmt::format("group {}", decision.group),
         plain_start ? fmt::format("starts on {}", state_.config().node_name(start->node))
                     : decision.text());
  }
  settle(state_, view_.view, next);
  // A node that does not know the newest state was perhaps fenced itself: it fences nobody.
  fences_ = informed_ ? next.fences : std::vector<FenceOrder>{};
  TASUKI_ASSERT(before == state_.durable);
  remember(state_);
  if (before != state_.durable) write_now();
}

std::string Replica::obstacle() const {
  if (state_.durable.epoch > 0 && state_.config().find_node(self_) == nullptr)
    return fmt::format("this server was removed from the cluster by configuration {}",
                       state_.durable.applied.counter);
  if (!connected_) return "there is no connection to Corosync on this server";
  if (!disagreement_.empty()) return disagreement_;
  if (!agreed_) {
    std::string missing;
    for (const NodeId node : view_.view.members)
      if (!hellos_.contains(node)) missing += " " + state_.config().node_name(node);
    return missing.empty() ? "the servers are exchanging what they know"
                           : "waiting to hear from" + missing;
  }
  std::string absent;
  for (const Node& node : state_.config().nodes)
    if (!view_.view.members.contains(node.id)) absent += " " + node.name;
  if (!right_to_decide() && decided_by_fence(state_.config()))
    return fmt::format(
        "this server has no right to decide: of two without a witness one goes on alone only when "
        "the other is surely off (not here:{})",
        absent);
  if (!right_to_decide())
    return fmt::format(
        "this side of the cluster has no right to decide: too few servers and witnesses answer "
        "(not here:{})",
        absent.empty() ? " the witness" : absent);
  if (!informed_)
    return fmt::format(
        "the servers here may not know the newest state: waiting for{}; for one that will not come "
        "back, if its last changes may be given up, say: tasuki node confirm-down NODE "
        "--accept-loss",
        absent);
  return "";
}

void Replica::note(Note::Level level, std::string subject, std::string text) {
  ready_.notes.push_back({level, std::move(subject), std::move(text)});
}

Ready Replica::take() {
  return std::exchange(ready_, {});
}

}  // namespace tasuki::core
