#include "cluster/core/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::core {
namespace {

const GroupState& group_state(const State& state, const GroupName& name) {
  static const GroupState unknown;
  const auto found = state.groups.find(name);
  return found == state.groups.end() ? unknown : found->second;
}

const NodeState& node_state(const State& state, NodeId node) {
  static const NodeState unknown;
  const auto found = state.nodes.find(node);
  return found == state.nodes.end() ? unknown : found->second;
}

// The nodes of its policy, the best first: home when it is to go home, else where it was sent last.
std::vector<NodeId> by_preference(const State& state, const Group& group) {
  std::vector<NodeId> nodes = group.policy;
  std::optional<NodeId> wanted = state.intent_of(group.name).moved_to;
  if (group_state(state, group.name).failback_due) wanted = group.policy.front();
  if (wanted) {
    const auto preferred = std::ranges::find(nodes, *wanted);
    if (preferred != nodes.end()) std::rotate(nodes.begin(), preferred, preferred + 1);
  }
  return nodes;
}

// The nodes that could start the group now, the best first.
std::vector<NodeId> candidates(const State& state, const View& view, const Group& group) {
  std::vector<NodeId> usable = by_preference(state, group);
  std::erase_if(usable,
                [&](NodeId node) { return !why_not_on(state, view, group.name, node).empty(); });
  return usable;
}

// As the end of a sentence about one that lacks some.
std::string who_has_settings(const State& state, const View& view, const GroupName& group) {
  std::string names;
  bool one_is_here = false;
  for (const NodeId node : state.durable.has_settings.at(group)) {
    names += (names.empty() ? "" : " and ") + state.config().node_name(node);
    one_is_here |= view.members.contains(node);
  }
  if (one_is_here) return ", which it gets from " + names;
  if (names.empty())
    return fmt::format(
        ", and no server is known to have them all; say: tasuki group accept-settings {} --from "
        "NODE",
        group);
  return fmt::format(
      ", which {} has; start it, or if they are lost, say: tasuki group accept-settings {} --from "
      "NODE",
      names, group);
}

// Why a node could not run the group even if its return were on every disk.
std::string why_not_at_all_on(const State& state, const View& view, const GroupName& group,
                              NodeId node) {
  if (!view.members.contains(node)) return "is not in the cluster";
  if (state.durable.intent.standby.contains(node)) return "is set aside";
  if (node_state(state, node).leaving) return "is leaving";
  if (!state.has_settings(group, node))
    return "lacks settings of it" + who_has_settings(state, view, group);
  const auto& failures = group_state(state, group).failures;
  const auto failed = failures.find(node);
  return failed == failures.end() ? "" : "failed: " + failed->second.reason;
}

// A node that is better than `best` and will be able to run the group in a moment. Servers that are
// switched on together do not join at once, and which of them makes the majority is chance.
std::optional<NodeId> better_in_a_moment(const State& state, const View& view, const Group& group,
                                         NodeId best) {
  for (const NodeId node : by_preference(state, group)) {
    if (node == best) break;
    const NodeState& facts = node_state(state, node);
    if (facts.just_back && !facts.back_too_long &&
        why_not_at_all_on(state, view, group.name, node).empty())
      return node;
  }
  return std::nullopt;
}

// Each node of the policy and why it cannot run the group: "sv1 failed: no device; sv2 is leaving".
std::string why_nowhere(const State& state, const View& view, const Group& group) {
  std::string text;
  for (const NodeId node : group.policy)
    text += (text.empty() ? "" : "; ") + state.config().node_name(node) + " " +
            why_not_on(state, view, group.name, node);
  return text;
}

// Why a running group should leave its holder; empty when it should stay.
std::string reason_to_leave(const State& state, const View& view, const Group& group,
                            const GroupState& now) {
  const GroupIntent intent = state.intent_of(group.name);
  const NodeId holder = *now.holder;
  const std::string holder_name = state.config().node_name(holder);
  if (now.stopped_by_conflict())
    return fmt::format(
        "two nodes reported it up; it is stopped on both until you say: tasuki group retry {}",
        group.name);
  if (!intent.run) return "an administrator stopped it";
  if (node_state(state, holder).leaving)
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
    const NodeState& facts = node_state(state, *now.holder);
    if (view.alive.contains(*now.holder) && !facts.absent_too_long)
      return {
          group.name, Wait{{*now.holder}},
          fmt::format("{} runs it, but its tasukid does not answer; it has until its lease ends "
                      "to come back",
                      holder)};
    std::string reason =
        fmt::format("{} had it and is lost; there is no proof yet that it let go", holder);
    if (!facts.fence_problem.empty()) reason += fmt::format(" ({})", facts.fence_problem);
    const Node* configured = state.config().find_node(*now.holder);
    const bool may_prove_itself =
        configured != nullptr && !configured->fence.empty() && facts.fence_problem.empty();
    return {group.name, Wait{{*now.holder}}, reason,
            may_prove_itself
                ? ""
                : fmt::format("if it is surely down, say: tasuki node confirm-down {}", holder)};
  }
  if (now.phase == Phase::stuck)
    return {group.name, Wait{}, fmt::format("{} cannot stop it and resets itself", holder)};
  if (!now.wanted_up) return {group.name, Wait{}, now.reason};
  if (const std::string why = reason_to_leave(state, view, group, now); !why.empty())
    return {group.name, Stop{}, why};
  return {group.name, Keep{}, now.why_here};
}

// Whether what the node owned it may still own: it is here, or nothing proves that it let go.
bool may_still_own(const State& state, const View& view, NodeId node) {
  return view.members.contains(node) || state.let_go(node) == LetGo::unproven;
}

// Whether it must be proved first that the node, which may own some of the group, let go of it. Not
// of a lost one, if the disks refuse it as soon as they are taken; one whose engine answers may
// have its tasukid back in a moment.
bool stands_in_the_way(const State& state, const View& view, const GroupName& name, NodeId node) {
  if (!may_still_own(state, view, node)) return false;
  const Group* group = state.config().find_group(name);
  const bool refused = group != nullptr && disks_refuse_others(*group);
  const bool lost = !view.members.contains(node) &&
                    (!view.alive.contains(node) || node_state(state, node).absent_too_long);
  return !(refused && lost);
}

// The nodes that may own some of a group without being its holder: they said so, or they are away
// and no member knows what they had.
std::set<NodeId> possible_owners(const State& state, const View& view, const GroupName& name) {
  std::set<NodeId> owners = group_state(state, name).may_be_on;
  if (const Group* configured = state.config().find_group(name))
    for (const NodeId node : configured->policy)
      if (node_state(state, node).may_hold_anything) owners.insert(node);
  std::erase_if(owners, [&](NodeId node) { return !may_still_own(state, view, node); });
  return owners;
}

std::string why_wait_for(const State& state, const View& view, NodeId node) {
  const std::string name = state.config().node_name(node);
  if (view.members.contains(node)) return fmt::format("{} has not stopped its part yet", name);
  const NodeState& facts = node_state(state, node);
  const std::string seen = facts.may_hold_anything ? "has not been seen" : "is lost";
  const std::string problem =
      facts.fence_problem.empty() ? "" : fmt::format(" ({})", facts.fence_problem);
  return fmt::format("{} {} and may still run it{}", name, seen, problem);
}

// A takeover is from another node; where it was before it is only started again.
Decision start_on(const State& state, const View& view, const Group& group, const GroupState& now,
                  NodeId node) {
  const std::string where = state.config().node_name(node);
  if (now.event != Event::failover || !now.previous)
    return {group.name, Start{node, Event::start}, fmt::format("started on {}", where)};
  if (now.previous == node)
    return {group.name, Start{node, Event::start}, fmt::format("started again on {}", where)};
  const std::string from = state.config().node_name(*now.previous);
  const auto failure = now.failures.find(*now.previous);
  const bool never_ran = failure != now.failures.end() && failure->second.at_start;
  const bool refused =
      !view.members.contains(*now.previous) && may_still_own(state, view, *now.previous);
  return {group.name, Start{node, Event::failover},
          never_ran ? fmt::format("started on {}, as it could not start on {}", where, from)
                    : fmt::format("taken over from {} by {}{}", from, where,
                                  refused ? "; its disks refuse " + from : "")};
}

Decision decide_free(const State& state, const View& view, const Group& group,
                     const GroupState& now) {
  const GroupIntent intent = state.intent_of(group.name);
  if (now.stopped_by_conflict())
    return {group.name, Rest{},
            fmt::format("{}; look at what both wrote, then say: tasuki group retry {}",
                        describe(state, *now.conflict), group.name)};
  if (!intent.run) {
    const bool asked = state.durable.intent.groups.contains(group.name);
    return {
        group.name, Rest{},
        asked ? "stopped, as an administrator asked"
              : fmt::format("it does not start by itself; say: tasuki group start {}", group.name)};
  }
  if (now.failed) return {group.name, Rest{}, now.reason};
  auto owners = possible_owners(state, view, group.name);
  std::erase_if(owners,
                [&](NodeId node) { return !stands_in_the_way(state, view, group.name, node); });
  if (!owners.empty()) {
    const NodeId first = *owners.begin();
    const std::string advice =
        view.members.contains(first)
            ? ""
            : fmt::format("start it, or if it is surely down, say: tasuki node confirm-down {}",
                          state.config().node_name(first));
    return {group.name, Wait{std::move(owners)}, why_wait_for(state, view, first), advice};
  }
  const bool sent = intent.moved_to && intent.moved_at_version > now.move_seen;
  const auto usable = candidates(state, view, group);
  if (state.durable.intent.locked && now.event == Event::failover && !sent) {
    if (now.previous && std::ranges::find(usable, *now.previous) != usable.end())
      return start_on(state, view, group, now, *now.previous);
    return {group.name, Rest{},
            fmt::format("the cluster is locked, so it does not fail over; say: tasuki group move "
                        "{}, or: tasuki unlock",
                        group.name)};
  }
  if (usable.empty()) {
    const bool all_failed =
        std::ranges::all_of(group.policy, [&](NodeId node) { return now.failures.contains(node); });
    if (!all_failed)
      return {group.name, Wait{},
              fmt::format("none of its nodes can run it now: {}", why_nowhere(state, view, group))};
    std::string reason = "it failed on every node:";
    for (const auto& [node, failure] : now.failures)
      reason += fmt::format(" {}: {};", state.config().node_name(node), failure.reason);
    return {group.name, GiveUp{},
            fmt::format("{} mend it, then say: tasuki group retry {}", reason, group.name)};
  }
  // A takeover waits for nobody but the one that may go on with what it had.
  const auto better = better_in_a_moment(state, view, group, usable.front());
  if (better && (now.event != Event::failover || now.previous == better))
    return {
        group.name, Wait{},
        fmt::format("{} is only just back, and comes before {}", state.config().node_name(*better),
                    state.config().node_name(usable.front()))};
  return start_on(state, view, group, now, usable.front());
}

Decision decide(const State& state, const View& view, const Group& group) {
  const GroupState& now = group_state(state, group.name);
  const bool held = now.holder && stands_in_the_way(state, view, group.name, *now.holder);
  if (held) return decide_held(state, view, group, now);
  GroupState free = now;
  if (now.holder) {  // lost, with proof, or refused by the disks
    free.event = Event::failover;
    free.previous = now.holder;
  }
  return decide_free(state, view, group, free);
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

// Nobody is fenced without need: a group waits for it, or of two nodes it decides who may go on. A
// node that was not seen since the cluster started may be on its way up: it has the time of a
// lease.
std::vector<FenceOrder> decide_fences(const State& state, const View& view,
                                      const std::set<NodeId>& awaited) {
  std::vector<FenceOrder> fences;
  const bool race = decided_by_fence(state.config());
  std::vector<NodeId> able;  // a node that was removed fences nobody
  for (const Node& node : state.config().nodes)
    if (view.members.contains(node.id)) able.push_back(node.id);
  if (able.empty()) return fences;
  for (const Node& node : state.config().nodes) {
    if (view.members.contains(node.id) || node.fence.empty()) continue;
    if (state.let_go(node.id) != LetGo::unproven) continue;
    if (!race && !awaited.contains(node.id)) continue;
    const NodeState& now = node_state(state, node.id);
    const bool may_be_coming = view.alive.contains(node.id) || now.may_hold_anything;
    if (may_be_coming && !now.absent_too_long) continue;
    const NodeId by = able[static_cast<size_t>(now.fence_attempts) % able.size()];
    fences.push_back({node.id, by, now.fence_attempts, race && fences_late(state, by, node.id)});
  }
  return fences;
}

}  // namespace

std::string Decision::text() const {
  return advice.empty() ? reason : reason + "; " + advice;
}

std::string why_not_on(const State& state, const View& view, const GroupName& group, NodeId node) {
  std::string why = why_not_at_all_on(state, view, group, node);
  // Somebody's disk may still have the proof that it owns nothing.
  if (why.empty() && node_state(state, node).just_back) why = "is only just back";
  return why;
}

Plan plan(const State& state, const View& view, bool may_decide) {
  Plan result;
  std::set<NodeId> awaited;
  if (may_decide)
    for (const Group& group : state.config().groups) {
      result.decisions.push_back(decide(state, view, group));
      if (const auto* wait = std::get_if<Wait>(&result.decisions.back().verdict))
        awaited.insert(wait->letting_go.begin(), wait->letting_go.end());
    }
  result.fences = decide_fences(state, view, awaited);
  return result;
}

void settle(State& state, const View& view, const Plan& plan) {
  for (const Decision& decision : plan.decisions) {
    GroupState& group = state.groups[decision.group];
    group.reason = decision.text();
    if (const auto* start = std::get_if<Start>(&decision.verdict)) {
      // What the disks refuse a lost node it may still have mounted, and its address.
      std::set<NodeId> refused = owners_of(state, view, decision.group);
      if (group.holder) group.previous = group.holder;
      group.proof = group.previous && group.previous != start->node ? state.let_go(*group.previous)
                                                                    : LetGo::unproven;
      group.holder = start->node;
      group.why_here = decision.reason;
      group.phase = Phase::starting;
      group.wanted_up = true;
      group.event = start->event;
      group.previous_let_go = group.previous.has_value() && !group.rested;
      group.rested = false;
      group.ticket = state.next_ticket++;
      refused.erase(start->node);
      group.may_be_on = std::move(refused);
      group.failback_due = false;
      group.move_seen = std::max(group.move_seen, state.intent_of(decision.group).moved_at_version);
      forget_what_is_up(group);
    } else if (std::holds_alternative<Stop>(decision.verdict)) {
      group.wanted_up = false;
    } else if (std::holds_alternative<GiveUp>(decision.verdict)) {
      group.failed = true;
    }
    const bool rests = std::holds_alternative<Rest>(decision.verdict) ||
                       std::holds_alternative<GiveUp>(decision.verdict);
    group.rested |= rests;
    if (rests && group.holder) {  // lost, and not to be started elsewhere
      if (may_still_own(state, view, *group.holder)) group.may_be_on.insert(*group.holder);
      group.previous = group.holder;
      group.holder.reset();
      group.phase = Phase::offline;
      group.event = Event::failover;
    }
  }
  // A group that is no longer configured is forgotten once nobody may own any of it.
  std::erase_if(state.groups, [&](const auto& entry) {
    return state.config().find_group(entry.first) == nullptr &&
           owners_of(state, view, entry.first).empty();
  });
}

std::set<NodeId> owners_of(const State& state, const View& view, const GroupName& name) {
  std::set<NodeId> owners = possible_owners(state, view, name);
  const auto& holder = group_state(state, name).holder;
  if (holder && may_still_own(state, view, *holder)) owners.insert(*holder);
  return owners;
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
