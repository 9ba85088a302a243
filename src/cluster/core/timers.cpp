#include "cluster/core/timers.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::core {
namespace {

std::string absence_timer(NodeId node, uint64_t epoch) {
  return fmt::format("absent/{}/{}", node, epoch);
}
std::string lease_timer(NodeId node, uint64_t epoch) {
  return fmt::format("lease/{}/{}", node, epoch);
}
std::string return_timer(NodeId node, uint64_t epoch) {
  return fmt::format("return/{}/{}", node, epoch);
}
std::string failback_timer(const GroupName& group, uint64_t ticket) {
  return fmt::format("failback/{}/{}", group, ticket);
}
std::string failure_timer(const GroupName& group, NodeId node, uint64_t failure) {
  return fmt::format("failure/{}/{}/{}", group, node, failure);
}

bool may_go_home(const State& state, const View& view, const Group& group, const GroupState& now) {
  const NodeId home = group.policy.front();
  return group.failback == Failback::automatic && now.holder && *now.holder != home &&
         now.phase == Phase::online && !now.failback_due && !state.durable.intent.locked &&
         view.members.contains(home) && view.members.contains(*now.holder) &&
         !state.durable.intent.standby.contains(home) && !now.failures.contains(home);
}

}  // namespace

std::vector<Timer> timers_of(const State& state, const View& view, const Timing& timing) {
  std::vector<Timer> timers;
  if (view.members.empty()) return timers;
  const NodeId first = *view.members.begin();
  for (const Node& node : state.config().nodes) {
    if (view.members.contains(node.id) || state.let_go(node.id) != LetGo::unproven) continue;
    const auto found = state.nodes.find(node.id);
    const NodeState facts = found == state.nodes.end() ? NodeState{} : found->second;
    // The proof comes before somebody is fenced for want of one.
    if (state.lease_counts(node.id))
      timers.push_back(
          {lease_timer(node.id, state.durable.epoch), first, timing.lease_proof, node.id});
    if (!facts.absent_too_long)
      timers.push_back({absence_timer(node.id, state.durable.epoch), first, timing.lease_proof});
  }
  for (const NodeId node : view.members) {
    const auto facts = state.nodes.find(node);
    if (facts == state.nodes.end() || !facts->second.just_back || facts->second.back_too_long)
      continue;
    timers.push_back({return_timer(node, state.durable.epoch), first, timing.lease_proof});
  }
  for (const Group& group : state.config().groups) {
    const auto found = state.groups.find(group.name);
    if (found == state.groups.end()) continue;
    const GroupState& now = found->second;
    if (may_go_home(state, view, group, now))
      timers.push_back({failback_timer(group.name, now.ticket), *now.holder, group.failback_after});
    for (const auto& [node, failure] : now.failures) {
      // A home where it could not start is not tried again and again while it serves elsewhere.
      const bool broken_home = failure.at_start && group.failback == Failback::automatic &&
                               node == group.policy.front() && now.phase == Phase::online;
      if (broken_home) continue;
      timers.push_back({failure_timer(group.name, node, failure.id), first, group.failure_expiry});
    }
  }
  return timers;
}

milliseconds postponement(std::optional<Moment> seen_with_groups, Moment now,
                          const Timing& timing) {
  if (!seen_with_groups) return {};
  const auto silent = std::chrono::floor<milliseconds>(now - *seen_with_groups);
  return std::max(timing.witness_silence - silent, milliseconds{});
}

void apply_expiry(State& state, const View& view, const std::string& timer, bool may_decide) {
  for (const Node& node : state.config().nodes) {
    if (view.members.contains(node.id)) continue;
    NodeState& facts = state.nodes[node.id];
    if (timer == absence_timer(node.id, state.durable.epoch)) facts.absent_too_long = true;
    // The other side's lease runs out only while it is this side that may decide, and has since it
    // began the epoch that the timer is of.
    if (timer == lease_timer(node.id, state.durable.epoch) && state.lease_counts(node.id) &&
        state.let_go(node.id) == LetGo::unproven && may_decide)
      state.durable.let_go[node.id] = LetGo::lease;
  }
  for (auto& [node, facts] : state.nodes)
    if (timer == return_timer(node, state.durable.epoch)) facts.back_too_long = facts.just_back;
  for (auto& [name, group] : state.groups) {
    const Group* configured = state.config().find_group(name);
    if (timer == failback_timer(name, group.ticket) && configured != nullptr &&
        may_go_home(state, view, *configured, group))
      group.failback_due = true;
    std::erase_if(group.failures, [&, &group_name = name](const auto& entry) {
      return timer == failure_timer(group_name, entry.first, entry.second.id);
    });
  }
}

}  // namespace tasuki::core
