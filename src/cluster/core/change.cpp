#include "cluster/core/change.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/plan.hpp"

namespace tasuki::core {
namespace {

template <class... Handlers>
struct Overload : Handlers... {
  using Handlers::operator()...;
};

Result<void> check_group(const State& state, const GroupName& group) {
  if (state.config().find_group(group) == nullptr)
    return failure(fmt::format("there is no group \"{}\"", group), ENOENT);
  return {};
}

Result<void> check_node(const State& state, NodeId node) {
  if (state.config().find_node(node) == nullptr)
    return failure(fmt::format("there is no node {}", node), ENOENT);
  return {};
}

std::optional<NodeId> move_target(const State& state, const View& view, const MoveGroup& move) {
  return move.to ? move.to : next_node(state, view, move.group);
}

Result<void> check_move(const State& state, const View& view, const MoveGroup& move) {
  if (auto known = check_group(state, move.group); !known) return known;
  const auto target = move_target(state, view, move);
  if (!target)
    return failure(fmt::format("no other node of its policy can run group \"{}\" now", move.group),
                   EBUSY);
  const Group& group = *state.config().find_group(move.group);
  const std::string name = state.config().node_name(*target);
  if (std::ranges::find(group.policy, *target) == group.policy.end())
    return failure(fmt::format("{} is not in the policy of group \"{}\"", name, move.group), EBUSY);
  if (!view.members.contains(*target))
    return failure(fmt::format("{} is not in the cluster now", name), EBUSY);
  if (state.durable.intent.standby.contains(*target))
    return failure(fmt::format("{} is set aside; say first: tasuki node resume {}", name, name),
                   EBUSY);
  const auto now = state.groups.find(move.group);
  if (now != state.groups.end() && now->second.failures.contains(*target))
    return failure(
        fmt::format("group \"{}\" failed on {} ({}); say first: tasuki group retry {}", move.group,
                    name, now->second.failures.at(*target).reason, move.group),
        EBUSY);
  if (!state.intent_of(move.group).run)
    return failure(fmt::format("group \"{}\" is stopped; say: tasuki group start {} --to {}",
                               move.group, move.group, name),
                   EBUSY);
  return {};
}

Result<void> check_confirm(const State& state, const View& view, NodeId node) {
  if (auto known = check_node(state, node); !known) return known;
  if (view.members.contains(node))
    return failure(fmt::format("{} is up and in the cluster", state.config().node_name(node)),
                   EBUSY);
  return {};
}

Result<void> check_config(const State& state, const ApplyConfig& apply) {
  for (const Node& node : state.config().nodes) {
    const Node* kept = apply.applied.config.find_node(node.id);
    if (kept != nullptr && kept->name != node.name)
      return failure(
          fmt::format("node id {} belongs to {}; an id is never used again", node.id, node.name),
          EBUSY);
    const bool may_own = state.holds_anything(node.id) && state.let_go(node.id) == LetGo::unproven;
    if (kept == nullptr && may_own)
      return failure(
          fmt::format("{} still runs groups; move them away before it is removed", node.name),
          EBUSY);
  }
  if (apply.applied.config.cluster_name != state.config().cluster_name &&
      !state.config().cluster_name.empty())
    return failure("the name of a cluster cannot change", EBUSY);
  return {};
}

void forget_failures(GroupState& group) {
  group.failures.clear();
  group.failed = false;
  group.conflict = false;
}

}  // namespace

Result<void> check_change(const State& state, const View& view, const Change& change) {
  return std::visit(
      Overload{
          [&](const StartGroup& start) { return check_group(state, start.group); },
          [&](const StopGroup& stop) { return check_group(state, stop.group); },
          [&](const RetryGroup& retry) { return check_group(state, retry.group); },
          [&](const MoveGroup& move) { return check_move(state, view, move); },
          [&](const SetNodeStandby& set) { return check_node(state, set.node); },
          [&](const SetLocked&) { return Result<void>{}; },
          [&](const ConfirmNodeDown& confirm) { return check_confirm(state, view, confirm.node); },
          [&](const ApplyConfig& apply) { return check_config(state, apply); },
      },
      change);
}

Durable changed(const State& state, const View& view, const Change& change) {
  Durable next = state.durable;
  next.version += 1;
  const auto intent = [&](const GroupName& group) -> GroupIntent& {
    return next.intent.groups.try_emplace(group, state.intent_of(group)).first->second;
  };
  std::visit(
      Overload{
          [&](const StartGroup& start) { intent(start.group).run = true; },
          [&](const StopGroup& stop) { intent(stop.group).run = false; },
          [&](const RetryGroup&) {},
          [&](const MoveGroup& move) {
            intent(move.group).moved_to = move_target(state, view, move);
            intent(move.group).moved_at_version = next.version;
          },
          [&](const SetNodeStandby& set) {
            if (set.standby)
              next.intent.standby.insert(set.node);
            else
              next.intent.standby.erase(set.node);
          },
          [&](const SetLocked& set) { next.intent.locked = set.locked; },
          [&](const ConfirmNodeDown& confirm) { next.let_go[confirm.node] = LetGo::confirmed; },
          [&](const ApplyConfig& apply) {
            next.applied = apply.applied;
            next.applied.counter = state.durable.applied.counter + 1;
          },
      },
      change);
  return next;
}

void apply_side_effects(State& state, const Change& change) {
  if (const auto* start = std::get_if<StartGroup>(&change)) {
    forget_failures(state.groups[start->group]);
    state.groups[start->group].event = Event::start;
  } else if (const auto* retry = std::get_if<RetryGroup>(&change)) {
    forget_failures(state.groups[retry->group]);
    state.groups[retry->group].event = Event::start;
  } else if (const auto* confirm = std::get_if<ConfirmNodeDown>(&change)) {
    state.nodes[confirm->node].may_hold_anything = false;
  } else if (std::holds_alternative<ApplyConfig>(change)) {
    for (auto& [name, group] : state.groups) {
      if (state.config().find_group(name) != nullptr) continue;
      group.wanted_up = false;
      group.reason = "it is no longer in the configuration";
    }
  }
}

}  // namespace tasuki::core
