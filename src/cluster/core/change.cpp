#include "cluster/core/change.hpp"

#include <algorithm>
#include <set>

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

// Whether the group can go to that node. What failed there before is forgotten by a start, not by a
// move.
enum class Failures { count, forgotten };

// A group that failed, or was owned twice, stays so until somebody has looked at it.
Result<void> check_not_failed(const State& state, const GroupName& group) {
  const auto now = state.groups.find(group);
  if (now != state.groups.end() && now->second.stopped_by_conflict())
    return failure(
        fmt::format("group \"{}\" was on two nodes at once: {}; look at what both wrote, "
                    "then say: tasuki group retry {}",
                    group, describe(state, *now->second.conflict), group),
        EBUSY);
  if (now == state.groups.end() || !state.intent_of(group).run || !now->second.failed) return {};
  return failure(
      fmt::format("group \"{}\" failed; mend it, then say: tasuki group retry {}", group, group),
      EBUSY);
}

Result<void> check_target(const State& state, const View& view, const GroupName& group_name,
                          NodeId target, Failures failures) {
  const Group& group = *state.config().find_group(group_name);
  const std::string name = state.config().node_name(target);
  if (std::ranges::find(group.policy, target) == group.policy.end())
    return failure(fmt::format("{} is not in the policy of group \"{}\"", name, group_name), EBUSY);
  if (!view.members.contains(target))
    return failure(fmt::format("{} is not in the cluster now", name), EBUSY);
  if (state.durable.intent.standby.contains(target))
    return failure(fmt::format("{} is set aside; say first: tasuki node resume {}", name, name),
                   EBUSY);
  if (!state.has_settings(group_name, target))
    return failure(fmt::format("{} lacks settings of group \"{}\"; see: tasuki explain {}", name,
                               group_name, group_name),
                   EBUSY);
  const auto now = state.groups.find(group_name);
  if (failures == Failures::count && now != state.groups.end() &&
      now->second.failures.contains(target))
    return failure(
        fmt::format("group \"{}\" failed on {} ({}); say first: tasuki group retry {}", group_name,
                    name, now->second.failures.at(target).reason, group_name),
        EBUSY);
  return {};
}

Result<void> check_start(const State& state, const View& view, const StartGroup& start) {
  if (auto known = check_group(state, start.group); !known) return known;
  if (auto sound = check_not_failed(state, start.group); !sound || !start.to) return sound;
  const auto now = state.groups.find(start.group);
  if (now != state.groups.end() && now->second.holder && now->second.wanted_up &&
      now->second.holder != start.to)
    return failure(fmt::format("group \"{}\" runs on {}; say: tasuki group move {} --to {}",
                               start.group, state.config().node_name(*now->second.holder),
                               start.group, state.config().node_name(*start.to)),
                   EBUSY);
  return check_target(state, view, start.group, *start.to, Failures::forgotten);
}

Result<void> check_move(const State& state, const View& view, const MoveGroup& move) {
  if (auto known = check_group(state, move.group); !known) return known;
  if (auto sound = check_not_failed(state, move.group); !sound) return sound;
  const auto target = move_target(state, view, move);
  if (!target)
    return failure(fmt::format("no other node of its policy can run group \"{}\" now", move.group),
                   EBUSY);
  if (auto possible = check_target(state, view, move.group, *target, Failures::count); !possible)
    return possible;
  if (!state.intent_of(move.group).run)
    return failure(fmt::format("group \"{}\" is stopped; say: tasuki group start {} --to {}",
                               move.group, move.group, state.config().node_name(*target)),
                   EBUSY);
  return {};
}

Result<void> check_confirm(const State& state, const View& view, NodeId node) {
  if (auto known = check_node(state, node); !known) return known;
  const std::string name = state.config().node_name(node);
  if (view.members.contains(node))
    return failure(fmt::format("{} is up and in the cluster", name), EBUSY);
  if (view.alive.contains(node))
    return failure(fmt::format("{} is up: its Corosync answers. Switch its power off first; until "
                               "then what it had may go on there",
                               name),
                   EBUSY);
  return {};
}

Result<void> check_accept_settings(const State& state, const View& view,
                                   const AcceptSettings& accept) {
  if (auto known = check_group(state, accept.group); !known) return known;
  if (auto known = check_node(state, accept.node); !known) return known;
  const std::string node = state.config().node_name(accept.node);
  if (!view.members.contains(accept.node))
    return failure(fmt::format("{} is not in the cluster now", node), EBUSY);
  if (state.has_settings(accept.group, accept.node))
    return failure(fmt::format("{} lacks no setting of group \"{}\"", node, accept.group), EBUSY);
  for (const NodeId having : state.durable.has_settings.at(accept.group))
    if (view.members.contains(having))
      return failure(fmt::format("{} is here and has every setting of group \"{}\"; {} gets them "
                                 "from it",
                                 state.config().node_name(having), accept.group, node),
                     EBUSY);
  return {};
}

// What of a group only one node may have: devices and addresses.
std::set<std::string> exclusive_parts(const Group& group) {
  std::set<std::string> parts;
  for (const Resource& resource : group.resources) {
    if (const auto* partition = std::get_if<Partition>(&resource.what))
      parts.insert("the partition " + partition->device);
    if (const auto* ip = std::get_if<FloatingIp>(&resource.what))
      parts.insert("the address " + ip->address);
  }
  return parts;
}

Error refusal(std::string why) {
  return {std::move(why), EBUSY};
}

// The first node that is away and may own anything, as far as anybody here knows.
const Node* find_unknown_owner(const State& state, const View& view) {
  for (const Node& node : state.config().nodes) {
    const auto facts = state.nodes.find(node.id);
    if (!view.members.contains(node.id) && state.let_go(node.id) == LetGo::unproven &&
        facts != state.nodes.end() && facts->second.may_hold_anything)
      return &node;
  }
  return nullptr;
}

std::string start_or_confirm(const std::string& node) {
  return fmt::format("start it, or if it is surely down, say: tasuki node confirm-down {}", node);
}

// A group may be taken out of the configuration, or a node out of its policy, only where somebody
// is left who lets go of it and says so.
Result<void> check_owners_stay(const State& state, const View& view, const Config& wanted) {
  for (const Group& before : state.config().groups) {
    const Group* after = wanted.find_group(before.name);
    for (const NodeId node : owners_of(state, view, before.name)) {
      if (view.members.contains(node)) continue;
      const bool stays =
          after != nullptr && std::ranges::find(after->policy, node) != after->policy.end();
      if (stays) continue;
      const std::string name = state.config().node_name(node);
      return failure(refusal(fmt::format(
          "{} is away and may still run group {}, so {}; {}", name, before.name,
          after == nullptr ? "the group cannot be removed" : "it cannot leave the group's policy",
          start_or_confirm(name))));
    }
  }
  return {};
}

// Why a group may not get this part now: it would be started here while it may be in use elsewhere.
std::string why_not_new_part(const State& state, const View& view, const Group& group,
                             const std::string& part) {
  for (const Group& other : state.config().groups)
    if (other.name != group.name && exclusive_parts(other).contains(part) &&
        !owners_of(state, view, other.name).empty())
      return fmt::format(
          "{} goes from group {} to group {} while {} is running; say first: tasuki group stop {} "
          "--wait",
          part, other.name, group.name, other.name, other.name);
  for (const auto& [name, now] : state.groups)
    if (state.config().find_group(name) == nullptr)
      return fmt::format(
          "group {}, which was removed, is not down yet and may still have {}; apply this once "
          "tasuki events says that it is down",
          name, part);
  if (const Node* unknown = find_unknown_owner(state, view))
    return fmt::format("{} has not been seen and may still have {}; {}", unknown->name, part,
                       start_or_confirm(unknown->name));
  return "";
}

Result<void> check_new_parts(const State& state, const View& view, const Config& wanted) {
  for (const Group& after : wanted.groups) {
    const Group* before = state.config().find_group(after.name);
    const auto had = before == nullptr ? std::set<std::string>{} : exclusive_parts(*before);
    for (const std::string& part : exclusive_parts(after)) {
      if (had.contains(part)) continue;
      if (std::string why = why_not_new_part(state, view, after, part); !why.empty())
        return failure(refusal(std::move(why)));
    }
  }
  return {};
}

// A lost node has let go within the times that it knew, not those of a newer configuration.
Result<void> check_promises(const State& state, const View& view, const Config& wanted) {
  if (wanted.timing == state.config().timing) return {};
  for (const Node& node : state.config().nodes)
    if (!view.members.contains(node.id) && state.let_go(node.id) == LetGo::unproven &&
        state.durable.epoch > 0)
      return failure(fmt::format("the times cannot change while {} is away and may still count by "
                                 "the old ones; start it, or say: tasuki node confirm-down {}",
                                 node.name, node.name),
                     EBUSY);
  return {};
}

// An id names one node for ever, because what others remember of it is remembered by its id.
Result<void> check_ids(const State& state, const Config& wanted) {
  for (const Node& node : wanted.nodes) {
    const Node* same_id = state.config().find_node(node.id);
    const auto retired = state.durable.retired.find(node.id);
    std::string owner;
    if (same_id != nullptr) owner = same_id->name;
    if (same_id == nullptr && retired != state.durable.retired.end()) owner = retired->second;
    if (!owner.empty() && owner != node.name)
      return failure(refusal(
          fmt::format("node id {} belongs to {}; an id is never used again, so give {} another one",
                      node.id, owner, node.name)));
    const Node* same_name = state.config().find_node(node.name);
    if (same_name != nullptr && same_name->id != node.id)
      return failure(refusal(fmt::format("node {} has id {}, which never changes; write id = {}",
                                         node.name, same_name->id, same_name->id)));
  }
  return {};
}

Result<void> check_removed_nodes(const State& state, const Config& wanted) {
  for (const Node& node : state.config().nodes) {
    const bool may_own = state.holds_anything(node.id) && state.let_go(node.id) == LetGo::unproven;
    if (wanted.find_node(node.id) == nullptr && may_own)
      return failure(refusal(
          fmt::format("{} still runs groups; move them away before it is removed", node.name)));
  }
  return {};
}

Result<void> check_base(const State& state, const ApplyConfig& apply) {
  const uint64_t applied = state.durable.applied.counter;
  if (!apply.base || *apply.base == applied) return {};
  return failure(refusal(
      fmt::format("the configuration is version {} now, applied on {}, and this was compared with "
                  "version {}; look at the difference again",
                  applied, state.durable.applied.applied_by, *apply.base)));
}

Result<void> check_config(const State& state, const View& view, const ApplyConfig& apply) {
  const Config& wanted = apply.applied.config;
  if (auto sound = check_base(state, apply); !sound) return sound;
  if (auto sound = check_ids(state, wanted); !sound) return sound;
  if (auto sound = check_removed_nodes(state, wanted); !sound) return sound;
  if (wanted.cluster_name != state.config().cluster_name && !state.config().cluster_name.empty())
    return failure(refusal("the name of a cluster cannot change"));
  if (auto sound = check_owners_stay(state, view, wanted); !sound) return sound;
  if (auto sound = check_new_parts(state, view, wanted); !sound) return sound;
  return check_promises(state, view, wanted);
}

// Where the settings that begin to follow a group are taken from: where it runs, or else from the
// first of its nodes that has those it had before.
NodeId first_to_have(const State& state, const View& view, const Group& wanted) {
  const auto now = state.groups.find(wanted.name);
  if (now != state.groups.end() && now->second.holder) return *now->second.holder;
  for (const NodeId node : wanted.policy)
    if (view.members.contains(node) && state.has_settings(wanted.name, node)) return node;
  return wanted.policy.front();
}

std::map<GroupName, std::set<NodeId>> settings_under(const State& state, const View& view,
                                                     const Config& wanted) {
  std::map<GroupName, std::set<NodeId>> having;
  for (const Group& after : wanted.groups) {
    if (!follows_settings(after)) continue;
    const Group* before = state.config().find_group(after.name);
    const auto had = state.durable.has_settings.find(after.name);
    if (before == nullptr || before->registry != after.registry || before->files != after.files ||
        had == state.durable.has_settings.end()) {
      having[after.name] = {first_to_have(state, view, after)};
      continue;
    }
    // A node that leaves the policy still has them for those that come, as long as nobody else has.
    std::set<NodeId> stay;
    for (const NodeId node : had->second)
      if (std::ranges::find(after.policy, node) != after.policy.end()) stay.insert(node);
    having[after.name] = stay.empty() ? had->second : stay;
  }
  return having;
}

void forget_failures(State& state, const GroupName& name) {
  GroupState& group = state.groups[name];
  group.failures.clear();
  group.failed = false;
  group.event = Event::start;
  state.durable.stuck.erase(name);
}

}  // namespace

Note describe(const State& state, const Change& change) {
  const auto group = [](const GroupName& name) { return fmt::format("group {}", name); };
  const auto node = [&](NodeId id) { return fmt::format("node {}", state.config().node_name(id)); };
  const auto note = [](std::string subject, std::string text) {
    return Note{Note::Level::info, std::move(subject), std::move(text)};
  };
  return std::visit(
      Overload{
          [&](const StartGroup& start) {
            return note(group(start.group), "an administrator asked to start it");
          },
          [&](const StopGroup& stop) {
            return note(group(stop.group), "an administrator asked to stop it");
          },
          [&](const RetryGroup& retry) {
            return note(group(retry.group), "an administrator asked to try it again");
          },
          [&](const MoveGroup& move) {
            return note(group(move.group), "an administrator asked to move it");
          },
          [&](const SetNodeStandby& set) {
            return note(node(set.node), set.standby ? "an administrator set it aside"
                                                    : "an administrator let it take part again");
          },
          [&](const SetLocked& set) {
            return note("cluster", set.locked ? "an administrator locked it; nothing fails over"
                                              : "an administrator unlocked it");
          },
          [&](const ConfirmNodeDown& confirm) {
            return note(node(confirm.node), "an administrator vouched that it is down");
          },
          [&](const AcceptSettings& accept) {
            return note(group(accept.group),
                        fmt::format("an administrator took the settings of {} for the newest",
                                    state.config().node_name(accept.node)));
          },
          [&](const ApplyConfig& apply) {
            return note("configuration",
                        fmt::format("version {}, applied on {}", state.durable.applied.counter + 1,
                                    apply.applied.applied_by));
          },
      },
      change);
}

Result<void> check_change(const State& state, const View& view, const Change& change) {
  return std::visit(
      Overload{
          [&](const StartGroup& start) { return check_start(state, view, start); },
          [&](const StopGroup& stop) { return check_group(state, stop.group); },
          [&](const RetryGroup& retry) { return check_group(state, retry.group); },
          [&](const MoveGroup& move) { return check_move(state, view, move); },
          [&](const SetNodeStandby& set) { return check_node(state, set.node); },
          [&](const SetLocked&) { return Result<void>{}; },
          [&](const ConfirmNodeDown& confirm) { return check_confirm(state, view, confirm.node); },
          [&](const AcceptSettings& accept) { return check_accept_settings(state, view, accept); },
          [&](const ApplyConfig& apply) { return check_config(state, view, apply); },
      },
      change);
}

Durable changed(const State& state, const View& view, const Change& change) {
  Durable next = state.durable;
  next.version += 1;
  const auto intent = [&](const GroupName& group) -> GroupIntent& {
    return next.intent.groups.try_emplace(group, state.intent_of(group)).first->second;
  };
  const auto send_to = [&](const GroupName& group, NodeId node) {
    intent(group).moved_to = node;
    intent(group).moved_at_version = next.version;
  };
  std::visit(
      Overload{
          [&](const StartGroup& start) {
            intent(start.group).run = true;
            if (start.to) send_to(start.group, *start.to);
          },
          [&](const StopGroup& stop) { intent(stop.group).run = false; },
          [&](const RetryGroup&) {},
          [&](const MoveGroup& move) { send_to(move.group, *move_target(state, view, move)); },
          [&](const SetNodeStandby& set) {
            if (set.standby)
              next.intent.standby.insert(set.node);
            else
              next.intent.standby.erase(set.node);
          },
          [&](const SetLocked& set) { next.intent.locked = set.locked; },
          [&](const ConfirmNodeDown& confirm) {
            next.vouched = vouched_after(state, view, confirm.node);
            next.let_go[confirm.node] = LetGo::confirmed;
          },
          [&](const AcceptSettings&) {},
          [&](const ApplyConfig& apply) {
            const Config& wanted = apply.applied.config;
            std::erase_if(next.intent.groups, [&](const auto& entry) {
              return wanted.find_group(entry.first) == nullptr;
            });
            std::erase_if(next.intent.standby,
                          [&](NodeId node) { return wanted.find_node(node) == nullptr; });
            for (const Node& node : state.config().nodes)
              if (wanted.find_node(node.id) == nullptr) next.retired[node.id] = node.name;
            std::erase_if(next.retired, [&](const auto& entry) {
              return wanted.find_node(entry.first) != nullptr;
            });
            std::erase_if(next.vouched, [&](const auto& entry) {
              return wanted.find_node(entry.first) == nullptr;
            });
            next.applied = apply.applied;
            next.applied.counter = state.durable.applied.counter + 1;
          },
      },
      change);
  next.has_settings = settings_after(state, view, change);
  return next;
}

std::map<GroupName, std::set<NodeId>> settings_after(const State& state, const View& view,
                                                     const Change& change) {
  if (const auto* apply = std::get_if<ApplyConfig>(&change))
    return settings_under(state, view, apply->applied.config);
  auto having = state.durable.has_settings;
  if (const auto* accept = std::get_if<AcceptSettings>(&change))
    having[accept->group] = {accept->node};
  return having;
}

void apply_side_effects(State& state, const Change& change) {
  if (const auto* start = std::get_if<StartGroup>(&change)) {
    forget_failures(state, start->group);
  } else if (const auto* retry = std::get_if<RetryGroup>(&change)) {
    forget_failures(state, retry->group);
    state.groups[retry->group].conflict.reset();
    state.durable.conflicts.erase(retry->group);
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
