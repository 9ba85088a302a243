#include "cluster/core/replica.hpp"

#include <algorithm>
#include <cerrno>
#include <ranges>

#include <fmt/format.h>

#include "cluster/core/timers.hpp"
#include "kit/assert.hpp"

namespace tasuki::core {
namespace {

// More changes than this waiting for the disks means that somebody floods the cluster.
constexpr size_t kPendingMax = 256;

auto knowledge(const Hello& hello) {
  return std::tuple(hello.current, hello.epoch, hello.version);
}

bool in_lock_step(const Hello& hello, const Hello& authority) {
  return hello.current && authority.current && hello.epoch == authority.epoch &&
         hello.version == authority.version;
}

NodeId most_knowing(const std::map<NodeId, Hello>& hellos) {
  auto best = hellos.begin();
  for (auto it = hellos.begin(); it != hellos.end(); ++it)
    if (knowledge(it->second) > knowledge(best->second)) best = it;
  return best->first;
}

}  // namespace

Replica::Replica(NodeId self, Durable durable, bool stale, bool lease_counts,
                 std::function<std::vector<GroupReport>()> holds)
    : self_(self), stale_(stale), lease_counts_(lease_counts), holds_(std::move(holds)) {
  state_.durable = std::move(durable);
}

Ready Replica::membership_changed(const EngineView& engine) {
  const bool only_quorum_changed = connected_ && engine.ring == view_.ring &&
                                   engine.view.members == view_.view.members &&
                                   engine.view.alive == view_.view.alive;
  connected_ = true;
  engine_quorate_ = engine.view.quorate;
  if (!only_quorum_changed) {
    view_ = engine;
    agreed_ = false;
    lost_in_this_view_ = false;
    snapshot_from_.reset();
    hellos_.clear();
    early_.clear();
    fences_.clear();
    drop_pending("the membership changed");
    // Whether the right is lost is judged when the members agree: between two rings an engine may
    // be without a majority for a moment that means nothing.
  }
  ready_.send.emplace_back(hello());
  return take();
}

Ready Replica::engine_lost() {
  connected_ = false;
  engine_quorate_ = false;
  agreed_ = false;
  fences_.clear();
  view_ = {};
  drop_pending("the connection to Corosync was lost");
  gain_or_lose_right();
  return take();
}

Hello Replica::hello() const {
  Hello hello;
  hello.ring = view_.ring;
  hello.members = view_.view.members;
  hello.quorate = engine_quorate_;
  hello.current = current_;
  hello.epoch = state_.durable.epoch;
  hello.epoch_members = state_.durable.epoch_members;
  hello.version = state_.durable.version;
  hello.config_counter = state_.durable.applied.counter;
  hello.config_hash = state_.durable.applied.hash;
  hello.lease_counts = lease_counts_;
  hello.holds = holds_();
  return hello;
}

Ready Replica::delivered(NodeId from, const Message& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    hear_hello(from, *hello);
  } else if (const auto* snapshot = std::get_if<Snapshot>(&message)) {
    if (snapshot_from_ == from && snapshot->ring == view_.ring) agree(snapshot->state, from);
  } else if (!agreed_) {
    early_.emplace_back(from, message);
  } else {
    apply(from, message);
  }
  return take();
}

void Replica::hear_hello(NodeId from, const Hello& hello) {
  if (hello.ring != view_.ring || hello.members != view_.view.members) return;
  hellos_[from] = hello;
  if (lost_in_this_view_) hellos_[from].current = false;
  if (!agreed_) return try_to_agree();
  // The members' engines hear of a lost or found majority one after the other; what counts is the
  // moment at which the last of them said so.
  const bool quorate = everybody_quorate();
  if (quorate == view_.view.quorate) return;
  view_.view.quorate = quorate;
  gain_or_lose_right();
  if (quorate && !informed_) {
    agreed_ = false;
    try_to_agree();
  } else {
    replan();
  }
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
  return right_here() || decided_by_fence(state_.config());
}

void Replica::try_to_agree() {
  disagreement_.clear();
  if (hellos_.size() != view_.view.members.size() || snapshot_from_) return;
  const NodeId authority = most_knowing(hellos_);
  const Hello& known = hellos_.at(authority);
  for (const auto& [node, hello] : hellos_) {
    if (knowledge(hello) == knowledge(known) && hello.config_hash != known.config_hash) {
      disagreement_ = fmt::format(
          "{} and {} start with different configurations; say on one of them: tasuki config apply "
          "FILE",
          state_.config().node_name(authority), state_.config().node_name(node));
      note(Note::Level::error, "cluster", disagreement_);
      return;
    }
  }
  const bool all_know_it = std::ranges::all_of(
      hellos_, [&](const auto& entry) { return in_lock_step(entry.second, known); });
  if (all_know_it) return agree(state_, authority);
  snapshot_from_ = authority;
  if (authority == self_) ready_.send.emplace_back(Snapshot{view_.ring, state_});
}

bool Replica::knows_newest(const std::map<NodeId, Hello>& hellos) const {
  const Config& config = state_.config();
  const auto present = [&](NodeId node) {
    // A node that surely let go made no newer epoch after that: it would have to be alive.
    return hellos.contains(node) || state_.let_go(node) == LetGo::confirmed;
  };
  if (std::ranges::any_of(hellos, [](const auto& entry) { return entry.second.current; }))
    return true;
  // Every deciding membership follows an earlier one with which it shares a member. When all
  // members of the newest one known here are present, there can be no newer one.
  std::set<NodeId> last = state_.durable.epoch_members;
  if (state_.durable.epoch == 0)
    for (const Node& node : config.nodes) last.insert(node.id);
  if (std::ranges::all_of(last, present)) return true;
  // Those who are not here cannot have decided without one who is.
  // An odd number of nodes needs no witness, so it has no vote there
  // (membership/corosync_conf.hpp).
  const bool witness_votes = config.witness && config.nodes.size() % 2 == 0;
  const size_t votes = config.nodes.size() + (witness_votes ? 1 : 0);
  const auto here = static_cast<size_t>(
      std::ranges::count_if(config.nodes, [&](const Node& node) { return present(node.id); }));
  return !decided_by_fence(config) && votes - here < votes / 2 + 1;
}

void Replica::agree(const State& base, NodeId authority) {
  const bool anybody_current =
      std::ranges::any_of(hellos_, [](const auto& entry) { return entry.second.current; });
  const Hello known = hellos_.at(authority);
  if (&base != &state_) state_ = base;
  agreed_ = true;
  view_.view.quorate = everybody_quorate();
  snapshot_from_.reset();
  // The cluster decides as its oldest member does.
  state_.feature_level =
      std::ranges::min(hellos_ | std::views::values | std::views::transform(&Hello::feature_level));

  const bool lost_node_is_back =
      anybody_current && std::ranges::any_of(hellos_, [&](const auto& entry) {
        return state_.let_go(entry.first) != LetGo::unproven;
      });
  // Groups of members that came without the state: they say themselves what they have.
  for (const auto& [node, hello] : hellos_) {
    state_.nodes[node].lease_counts = hello.lease_counts;
    state_.nodes[node].leaving = false;
    state_.nodes[node].may_hold_anything = false;
    state_.nodes[node].absent_too_long = false;
    state_.nodes[node].fence_attempts = 0;
    state_.nodes[node].fence_problem.clear();
    if (in_lock_step(hello, known)) continue;
    for (auto& [name, group] : state_.groups) {
      group.failures.erase(node);
      const bool still_there = std::ranges::any_of(
          hello.holds, [&](const GroupReport& report) { return report.group == name; });
      if (group.holder != node || still_there) continue;
      group.holder.reset();
      group.phase = Phase::offline;
      group.previous = node;
      group.event = group.wanted_up ? Event::failover : Event::start;
      group.wanted_up = false;
    }
    for (const GroupReport& report : hello.holds) {
      GroupState& group = state_.groups[report.group];
      if (group.holder && *group.holder != node) {
        group.conflict = true;
        group.wanted_up = false;
        note(
            Note::Level::error, fmt::format("group {}", report.group),
            fmt::format("{} and {} both report it up; it is stopped on both",
                        state_.config().node_name(*group.holder), state_.config().node_name(node)));
        continue;
      }
      if (!group.holder) {
        group.ticket = report.ticket;
        group.wanted_up = true;
        group.reason = fmt::format("found running on {}", state_.config().node_name(node));
      }
      group.holder = node;
      group.phase = report.phase;
      group.resources = report.resources;
      state_.next_ticket = std::max(state_.next_ticket, report.ticket + 1);
    }
  }

  informed_ = knows_newest(hellos_);
  judge_absent_nodes(anybody_current);
  if (lost_node_is_back)
    for (auto& [name, group] : state_.groups)
      if (group.phase == Phase::online) ++group.recover_count;
  for (auto& [name, group] : state_.groups) {
    const GroupIntent intent = state_.intent_of(name);
    if (intent.moved_to && !view_.view.members.contains(*intent.moved_to))
      group.move_seen = std::max(group.move_seen, intent.moved_at_version);
  }
  note(Note::Level::info, "cluster",
       fmt::format("{} of {} nodes agree on version {}, configuration {}",
                   view_.view.members.size(), state_.config().nodes.size(), state_.durable.version,
                   state_.durable.applied.counter));
  gain_or_lose_right();

  std::vector<std::pair<NodeId, Message>> early;
  early.swap(early_);
  for (const auto& [from, message] : early) apply(from, message);
  replan();
}

void Replica::judge_absent_nodes(bool anybody_current) {
  for (const Node& node : state_.config().nodes) {
    if (view_.view.members.contains(node.id)) {
      state_.durable.let_go.erase(node.id);
      continue;
    }
    if (!anybody_current && state_.let_go(node.id) == LetGo::unproven)
      state_.nodes[node.id].may_hold_anything = true;
  }
}

void Replica::gain_or_lose_right() {
  const bool right = connected_ && right_to_decide();
  if (agreed_ && informed_ && right) {
    const bool new_epoch = !current_ || state_.durable.epoch_members != view_.view.members;
    current_ = true;
    if (!new_epoch) return;
    stale_ = false;
    ++state_.durable.epoch;
    state_.durable.epoch_members = view_.view.members;
    write_now();
    return;
  }
  // While members greet each other again nothing is lost yet; and of two nodes without a witness
  // nobody can decide elsewhere while this one is alive, because that takes this one's death.
  if (right || decided_by_fence(state_.config()) || !current_) return;
  current_ = false;
  informed_ = false;
  stale_ = true;
  lost_in_this_view_ = agreed_;
  if (agreed_)
    for (auto& [node, hello] : hellos_) hello.current = false;
  note(
      Note::Level::warning, "cluster",
      "this side has lost the right to decide; it marks itself stale and stops its groups in time");
  write_now();
}

Ready Replica::request(const std::string& id, const Change& change) {
  if (!may_decide()) {
    ready_.outcomes.push_back({id, failure(obstacle(), EPERM)});
    return take();
  }
  if (auto possible = check_change(state_, view_.view, change); !possible) {
    ready_.outcomes.push_back({id, failure(possible.error())});
    return take();
  }
  ready_.send.emplace_back(Propose{id, change});
  return take();
}

Ready Replica::adopt_config(const AppliedConfig& applied) {
  TASUKI_ASSERT(state_.durable.epoch == 0);
  const uint64_t counter = state_.durable.applied.counter + 1;
  state_.durable.applied = applied;
  state_.durable.applied.counter = counter;
  ++state_.durable.version;
  write_now();
  if (connected_) {
    // Said again, so that those who wait for agreement hear of it.
    hellos_.clear();
    ready_.send.emplace_back(hello());
  }
  return take();
}

Ready Replica::confirm_down_alone(NodeId node) {
  state_.durable.let_go[node] = LetGo::confirmed;
  state_.nodes[node].may_hold_anything = false;
  if (agreed_ && !hellos_.empty()) informed_ = knows_newest(hellos_);
  gain_or_lose_right();
  write_now();
  if (agreed_) replan();
  return take();
}

void Replica::apply(NodeId from, const Message& message) {
  const auto proofs_before = state_.durable.let_go;
  if (const auto* report = std::get_if<Report>(&message)) {
    apply_report(from, report->report);
  } else if (const auto* propose = std::get_if<Propose>(&message)) {
    pending_.push_back({propose->id, propose->change, from, {}, 0, {}, false});
    advance_pending();
  } else if (const auto* stored = std::get_if<Stored>(&message)) {
    if (!pending_.empty() && pending_.front().id == stored->id) {
      pending_.front().stored.insert(from);
      advance_pending();
    }
  } else if (const auto* result = std::get_if<FenceResult>(&message)) {
    apply_fence_result(*result);
  } else if (const auto* expired = std::get_if<TimerExpired>(&message)) {
    apply_expiry(state_, view_.view, expired->timer);
  } else if (std::holds_alternative<Leaving>(message)) {
    state_.nodes[from].leaving = true;
    note(Note::Level::info, fmt::format("node {}", state_.config().node_name(from)),
         "leaves the cluster; its groups move first");
  } else if (std::holds_alternative<Goodbye>(message)) {
    state_.durable.let_go[from] = LetGo::left;
  }
  if (state_.durable.let_go != proofs_before) write_now();
  replan();
}

void Replica::apply_report(NodeId from, const GroupReport& report) {
  const auto found = state_.groups.find(report.group);
  if (found == state_.groups.end()) return;
  GroupState& group = found->second;
  if (group.holder != from || group.ticket != report.ticket) return;
  const std::string node = state_.config().node_name(from);
  const std::string subject = fmt::format("group {}", report.group);
  const bool came_up = report.phase == Phase::online && group.phase != Phase::online;
  group.phase = report.phase;
  group.resources = report.resources;
  if (came_up) note(Note::Level::info, subject, fmt::format("is up on {}: {}", node, group.reason));
  if (report.phase == Phase::stuck)
    note(Note::Level::error, subject,
         fmt::format("cannot be stopped on {}: {}", node, report.failure));
  if (report.phase != Phase::offline) return;

  group.holder.reset();
  group.previous = from;
  group.wanted_up = false;
  if (report.failure.empty()) {
    // Asked to stop. Where it goes next is a start; but a node that leaves hands over.
    group.event = Event::start;
    note(Note::Level::info, subject, fmt::format("is down on {}: {}", node, group.reason));
  } else {
    group.event = Event::failover;
    group.failures[from] = {report.failure, state_.next_failure++};
    group.reason = report.failure;
    note(Note::Level::warning, subject, fmt::format("failed on {}: {}", node, report.failure));
  }
  if (state_.config().find_group(report.group) == nullptr) state_.groups.erase(found);
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

void Replica::advance_pending() {
  while (!pending_.empty()) {
    Pending& first = pending_.front();
    if (!first.active) {
      auto possible = may_decide() && pending_.size() <= kPendingMax
                          ? check_change(state_, view_.view, first.change)
                          : Result<void>(failure("the cluster cannot accept changes now", EAGAIN));
      if (!possible) {
        if (first.proposer == self_)
          ready_.outcomes.push_back({first.id, failure(possible.error())});
        pending_.pop_front();
        continue;
      }
      first.active = true;
      first.next = changed(state_, view_.view, first.change);
      first.write_number = ++write_number_;
      ready_.write = Ready::Write{first.write_number, first.next, stale_};
    }
    const bool on_every_disk = std::ranges::includes(first.stored, view_.view.members);
    if (!on_every_disk) return;
    Pending done = std::move(first);
    pending_.pop_front();
    commit(std::move(done));
  }
}

void Replica::commit(Pending pending) {
  // Proofs that arrived meanwhile are newer than the ones that were written with the change.
  auto let_go = state_.durable.let_go;
  if (const auto* confirm = std::get_if<ConfirmNodeDown>(&pending.change))
    let_go[confirm->node] = LetGo::confirmed;
  state_.durable = std::move(pending.next);
  state_.durable.let_go = std::move(let_go);
  apply_side_effects(state_, pending.change);
  if (pending.proposer == self_) ready_.outcomes.push_back({pending.id, state_.durable.version});
  gain_or_lose_right();
}

void Replica::drop_pending(const std::string& why) {
  for (const Pending& pending : pending_)
    if (pending.proposer == self_) ready_.outcomes.push_back({pending.id, failure(why, EAGAIN)});
  pending_.clear();
}

Ready Replica::written(uint64_t number) {
  if (!pending_.empty() && pending_.front().active && pending_.front().write_number == number)
    ready_.send.emplace_back(Stored{pending_.front().id});
  return take();
}

void Replica::write_now() {
  if (!pending_.empty() && pending_.front().active) {
    // The file holds one state: the change on its way is written again with the rest of it.
    Pending& first = pending_.front();
    first.next.epoch = state_.durable.epoch;
    first.next.epoch_members = state_.durable.epoch_members;
    first.next.let_go = state_.durable.let_go;
    first.write_number = ++write_number_;
    ready_.write = Ready::Write{first.write_number, first.next, stale_};
    return;
  }
  ready_.write = Ready::Write{++write_number_, state_.durable, stale_};
}

void Replica::replan() {
  if (!agreed_) return;
  const Durable before = state_.durable;
  const Plan next = plan(state_, view_.view, may_decide());
  for (const Decision& decision : next.decisions) {
    const bool acts = std::holds_alternative<Start>(decision.verdict) ||
                      std::holds_alternative<Stop>(decision.verdict) ||
                      std::holds_alternative<GiveUp>(decision.verdict);
    const bool news = acts || (std::holds_alternative<Wait>(decision.verdict) &&
                               state_.groups[decision.group].reason != decision.reason);
    if (news)
      note(
          std::holds_alternative<GiveUp>(decision.verdict) ? Note::Level::error : Note::Level::info,
          fmt::format("group {}", decision.group), decision.reason);
  }
  settle(state_, next);
  // A node that does not know the newest state was perhaps fenced itself: it fences nobody.
  fences_ = informed_ ? next.fences : std::vector<FenceOrder>{};
  TASUKI_ASSERT(before == state_.durable);
}

std::string Replica::obstacle() const {
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
  if (!right_to_decide())
    return fmt::format(
        "this side of the cluster has no right to decide: too few servers and witnesses answer "
        "(not here:{})",
        absent.empty() ? " the witness" : absent);
  if (!informed_)
    return fmt::format(
        "the servers here may not know the newest state; start{} too, or if it is surely down and "
        "its last changes may be given up, say: tasuki node confirm-down{} --accept-loss",
        absent, absent);
  return "";
}

void Replica::note(Note::Level level, std::string subject, std::string text) {
  ready_.notes.push_back({level, std::move(subject), std::move(text)});
}

Ready Replica::take() {
  return std::exchange(ready_, {});
}

}  // namespace tasuki::core
