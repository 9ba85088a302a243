#include "cluster/core/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::core {
namespace {

// The nodes that could start the group now, the best first.
std::vector<NodeId> candidates(const State& state, const View& view, const Group& group) {
  const GroupIntent intent = state.intent_of(group.name);
  const auto known = state.groups.find(group.name);
  std::vector<NodeId> usable;
  for (const NodeId node : group.policy) {
    if (!view.members.contains(node) || state.durable.intent.standby.contains(node)) continue;
    const auto facts = state.nodes.find(node);
    if (facts != state.nodes.end() && facts->second.leaving) continue;
    if (known != state.groups.end() && known->second.failures.contains(node)) continue;
    usable.push_back(node);
  }
  if (intent.moved_to) {
    const auto preferred = std::ranges::find(usable, *intent.moved_to);
    if (preferred != usable.end()) std::rotate(usable.begin(), preferred, preferred + 1);
  }
  return usable;
}

std::string names(const State& state, const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes)
    text += (text.empty() ? "" : ", ") + state.config().node_name(node);
  return text;
}

// Why a running group should leave its holder; empty when it should stay.
std::string reason_to_leave(const State& state, const View& view, const Group& group,
                            const GroupState& now) {
  const GroupIntent intent = state.intent_of(group.name);
  const NodeId holder = *now.holder;
  const std::string holder_name = state.config().node_name(holder);
  if (now.conflict) return "two nodes reported it up; it is stopped on both until you say retry";
  if (!intent.run) return "an administrator stopped it";
  const auto facts = state.nodes.find(holder);
  if (facts != state.nodes.end() && facts->second.leaving)
    return fmt::format("{} is leaving the cluster", holder_name);
  if (std::ranges::find(group.policy, holder) == group.policy.end())
    return fmt::format("{} is no longer in its policy", holder_name);

  const auto usable = candidates(state, view, group);
  const auto can_go_to = [&](NodeId node) {
    return node != holder && std::ranges::find(usable, node) != usable.end();
  };
  if (intent.moved_to && intent.moved_at_version > now.move_seen && can_go_to(*intent.moved_to))
    return fmt::format("an administrator moved it to {}",
                       state.config().node_name(*intent.moved_to));
  if (state.durable.intent.locked) return "";
  const bool another = std::ranges::any_of(usable, can_go_to);
  if (state.durable.intent.standby.contains(holder) && another)
    return fmt::format("{} was set aside", holder_name);
  if (now.failback_due && can_go_to(group.policy.front()))
    return fmt::format("it goes back to its home {}",
                       state.config().node_name(group.policy.front()));
  return "";
}

Decision decide_held(const State& state, const View& view, const Group& group,
                     const GroupState& now) {
  const std::string holder = state.config().node_name(*now.holder);
  if (!view.members.contains(*now.holder)) {
    const auto facts = state.nodes.find(*now.holder);
    const bool too_long = facts != state.nodes.end() && facts->second.absent_too_long;
    if (view.alive.contains(*now.holder) && !too_long)
      return {
          group.name, Wait{},
          fmt::format("{} runs it, but its tasukid does not answer; it has until its lease ends "
                      "to come back",
                      holder)};
    std::string reason =
        fmt::format("{} had it and is lost; there is no proof yet that it let go", holder);
    if (facts != state.nodes.end() && !facts->second.fence_problem.empty())
      reason += fmt::format(" ({})", facts->second.fence_problem);
    if (state.config().find_node(*now.holder) != nullptr &&
        state.config().find_node(*now.holder)->fence.empty())
      reason += fmt::format("; if it is surely down, say: tasuki node confirm-down {}", holder);
    return {group.name, Wait{}, reason};
  }
  if (now.phase == Phase::stuck)
    return {group.name, Wait{}, fmt::format("{} cannot stop it and resets itself", holder)};
  if (!now.wanted_up) return {group.name, Wait{}, now.reason};
  if (const std::string why = reason_to_leave(state, view, group, now); !why.empty())
    return {group.name, Stop{}, why};
  return {group.name, Keep{}, now.reason};
}

// A node that is away and of which no member knows what it owned.
std::optional<NodeId> possible_holder(const State& state, const View& view, const Group& group) {
  for (const NodeId node : group.policy) {
    const auto facts = state.nodes.find(node);
    if (facts != state.nodes.end() && facts->second.may_hold_anything &&
        !view.members.contains(node) && state.let_go(node) == LetGo::unproven)
      return node;
  }
  return std::nullopt;
}

Decision decide_free(const State& state, const View& view, const Group& group,
                     const GroupState& now) {
  const GroupIntent intent = state.intent_of(group.name);
  if (now.conflict)
    return {group.name, Rest{}, "two nodes reported it up; look at both, then say retry"};
  if (!intent.run) return {group.name, Rest{}, "stopped, as an administrator asked"};
  if (now.failed) return {group.name, Rest{}, now.reason};
  if (const auto node = possible_holder(state, view, group)) {
    const std::string name = state.config().node_name(*node);
    return {group.name, Wait{},
            fmt::format("{} has not been seen and may still run it; start it, or if it is surely "
                        "down, say: tasuki node confirm-down {}",
                        name, name)};
  }
  if (state.durable.intent.locked && now.event == Event::failover)
    return {group.name, Rest{}, "the cluster is locked, so it does not fail over"};
  const auto usable = candidates(state, view, group);
  if (usable.empty()) {
    const bool all_failed =
        std::ranges::all_of(group.policy, [&](NodeId node) { return now.failures.contains(node); });
    if (!all_failed)
      return {group.name, Wait{},
              fmt::format("none of its nodes ({}) can run it now", names(state, group.policy))};
    std::string reason = "it failed on every node:";
    for (const auto& [node, failure] : now.failures)
      reason += fmt::format(" {}: {};", state.config().node_name(node), failure.reason);
    return {group.name, GiveUp{}, reason + " mend it, then say retry"};
  }
  const std::string where = state.config().node_name(usable.front());
  if (now.event == Event::failover && now.previous)
    return {
        group.name, Start{usable.front(), Event::failover},
        fmt::format("taken over from {} by {}", state.config().node_name(*now.previous), where)};
  return {group.name, Start{usable.front(), Event::start}, fmt::format("started on {}", where)};
}

// Of two sides that see each other lost, the one that runs fewer groups should lose the race; with
// equal numbers the higher id.
bool fences_late(const State& state, NodeId self, NodeId other) {
  const auto held_by = [&](NodeId node) {
    return std::ranges::count_if(state.groups,
                                 [&](const auto& entry) { return entry.second.holder == node; });
  };
  const auto mine = held_by(self);
  const auto theirs = held_by(other);
  return mine == theirs ? self > other : mine < theirs;
}

std::vector<FenceOrder> decide_fences(const State& state, const View& view, bool may_decide) {
  std::vector<FenceOrder> fences;
  const bool race = decided_by_fence(state.config());
  if ((!may_decide && !race) || view.members.empty()) return fences;
  for (const Node& node : state.config().nodes) {
    if (view.members.contains(node.id) || node.fence.empty()) continue;
    if (state.let_go(node.id) != LetGo::unproven) continue;
    const auto facts = state.nodes.find(node.id);
    const NodeState unknown;
    const NodeState& now = facts == state.nodes.end() ? unknown : facts->second;
    if (view.alive.contains(node.id) && !now.absent_too_long) continue;
    if (!race && !state.holds_anything(node.id) && !now.may_hold_anything) continue;
    auto by = view.members.begin();
    std::advance(by, now.fence_attempts % static_cast<int>(view.members.size()));
    fences.push_back({node.id, *by, now.fence_attempts, race && fences_late(state, *by, node.id)});
  }
  return fences;
}

}  // namespace

Plan plan(const State& state, const View& view, bool may_decide) {
  Plan result;
  result.fences = decide_fences(state, view, may_decide);
  if (!may_decide) return result;
  for (const Group& group : state.config().groups) {
    const auto found = state.groups.find(group.name);
    const GroupState now = found == state.groups.end() ? GroupState{} : found->second;
    const bool held = now.holder && (view.members.contains(*now.holder) ||
                                     state.let_go(*now.holder) == LetGo::unproven);
    if (held) {
      result.decisions.push_back(decide_held(state, view, group, now));
      continue;
    }
    GroupState free = now;
    if (now.holder) {  // lost, with proof
      free.event = Event::failover;
      free.previous = now.holder;
    }
    result.decisions.push_back(decide_free(state, view, group, free));
  }
  return result;
}

void settle(State& state, const Plan& plan) {
  for (const Decision& decision : plan.decisions) {
    GroupState& group = state.groups[decision.group];
    group.reason = decision.reason;
    if (const auto* start = std::get_if<Start>(&decision.verdict)) {
      if (group.holder) group.previous = group.holder;
      group.holder = start->node;
      group.phase = Phase::starting;
      group.wanted_up = true;
      group.event = start->event;
      group.previous_let_go = group.previous.has_value();
      group.ticket = state.next_ticket++;
      group.failback_due = false;
      group.move_seen = std::max(group.move_seen, state.intent_of(decision.group).moved_at_version);
      group.resources.clear();
    } else if (std::holds_alternative<Stop>(decision.verdict)) {
      group.wanted_up = false;
    } else if (std::holds_alternative<GiveUp>(decision.verdict)) {
      group.failed = true;
      group.failures.clear();
    }
    const bool rests = std::holds_alternative<Rest>(decision.verdict) ||
                       std::holds_alternative<GiveUp>(decision.verdict);
    if (rests && group.holder) {  // lost, with proof, and not to be started elsewhere
      group.previous = group.holder;
      group.holder.reset();
      group.phase = Phase::offline;
      group.event = Event::failover;
    }
  }
}

std::optional<NodeId> next_node(const State& state, const View& view, const GroupName& name) {
  const Group* group = state.config().find_group(name);
  if (group == nullptr) return std::nullopt;
  const auto found = state.groups.find(name);
  if (found != state.groups.end() && found->second.failed) return std::nullopt;
  for (const NodeId node : candidates(state, view, *group))
    if (found == state.groups.end() || found->second.holder != node) return node;
  return std::nullopt;
}

}  // namespace tasuki::core
