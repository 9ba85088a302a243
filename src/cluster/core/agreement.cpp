#include "cluster/core/agreement.hpp"

#include <algorithm>
#include <ranges>
#include <tuple>

#include <fmt/format.h>

namespace tasuki::core {
namespace {

// What was acknowledged in an epoch is on the disks of all its members. One that not all of them
// wrote may have been begun beside another, so it counts only where those that all wrote are equal.
//
// A node that does not know yet that it lost the right still calls itself current; the epoch that
// was begun without it is newer.
auto knowledge(const Hello& hello) {
  return std::tuple(hello.settled_epoch, hello.epoch, hello.current, hello.version);
}

// The node took part in every decision that the state knows of, so it is no newcomer.
bool went_along(const Hello& hello, const Hello& authority) {
  return hello.current && authority.current && hello.epoch == authority.epoch;
}

const GroupReport* find_held(const Hello& hello, const GroupName& group) {
  const auto found = std::ranges::find(hello.holds, group, &GroupReport::group);
  return found == hello.holds.end() ? nullptr : &*found;
}

void release(GroupState& group) {
  group.event = group.wanted_up ? Event::failover : Event::start;
  group.previous = group.holder;
  group.holder.reset();
  group.phase = Phase::offline;
  group.wanted_up = false;
  forget_what_is_up(group);
}

void take(State& state, NodeId node, const GroupReport& report, const std::string& time,
          std::vector<Note>& notes) {
  const Config& config = state.config();
  GroupState& group = state.groups[report.group];
  if (group.holder && *group.holder != node) {
    const Group* configured = config.find_group(report.group);
    const bool taken_from_it =
        configured != nullptr && disks_refuse_others(*configured) && report.ticket < group.ticket;
    if (taken_from_it) {
      group.may_be_on.insert(node);
      notes.push_back({Note::Level::warning, fmt::format("group {}", report.group),
                       fmt::format("{} still had it, refused by its disks, and stops it now",
                                   config.node_name(node))});
      return;
    }
    const bool holder_is_second = group.ticket > report.ticket;
    const NodeId first = holder_is_second ? node : *group.holder;
    const NodeId second = holder_is_second ? *group.holder : node;
    const auto previous = holder_is_second ? group.previous : report.previous;
    const LetGo proof = holder_is_second ? group.proof : report.proof;
    group.conflict = {.first = first,
                      .second = second,
                      .proof = previous == first ? proof : LetGo::unproven,
                      .found_at = time};
    group.wanted_up = false;
    group.may_be_on.insert(node);
    notes.push_back({Note::Level::error, fmt::format("group {}", report.group),
                     fmt::format("{} and {} both report it up; it is stopped on both",
                                 config.node_name(*group.holder), config.node_name(node))});
    return;
  }
  if (!group.holder) {
    const bool configured = config.find_group(report.group) != nullptr;
    group.ticket = report.ticket;
    group.wanted_up = configured && !group.stopped_by_conflict();
    group.reason = configured ? fmt::format("found running on {}", config.node_name(node))
                              : "it is no longer in the configuration";
    group.why_here = group.reason;
  }
  group.holder = node;
  group.phase = report.phase;
  group.resources = report.resources;
  group.watches = report.watches;
  group.suspended = report.suspended;
}

// What a member has of the groups it says itself; whatever else was thought of it is of the past.
// All let go before any takes, since what one let go another may have by now.
void hear_what_members_hold(State& state, const Hellos& hellos, std::vector<Note>& notes) {
  for (const auto& [node, hello] : hellos)
    for (auto& [name, group] : state.groups) {
      group.may_be_on.erase(node);
      if (group.holder == node && find_held(hello, name) == nullptr) release(group);
    }
  for (const auto& [node, hello] : hellos) {
    for (const GroupReport& report : hello.holds) {
      take(state, node, report, hello.time, notes);
      state.next_ticket = std::max(state.next_ticket, report.ticket + 1);
    }
    state.next_ticket = std::max(state.next_ticket, hello.next_ticket);
  }
}

// A word that a node is down was false when that node comes back and was not off: what it had, it
// may have gone on with for a while, beside the one that began it since.
void judge_vouch(State& state, NodeId node, const Hello& hello, std::vector<Note>& notes) {
  const auto vouch = state.durable.vouched.find(node);
  if (vouch == state.durable.vouched.end()) return;
  for (const auto& [name, successor] : vouch->second.groups) {
    if (!hello.leased || !successor || state.config().find_group(name) == nullptr) continue;
    GroupState& group = state.groups[name];
    if (group.conflict) continue;
    group.conflict = {.first = node,
                      .second = *successor,
                      .proof = LetGo::confirmed,
                      .found_at = hello.time,
                      .both_up = false};
    notes.push_back(
        {Note::Level::error, fmt::format("group {}", name), describe(state, *group.conflict)});
  }
  state.durable.vouched.erase(vouch);
}

// Whether one of the members had been lost.
bool welcome_members(State& state, const Hellos& hellos, const Hello& authority) {
  bool lost_one_is_back = false;
  for (const auto& [node, hello] : hellos) {
    NodeState& facts = state.nodes[node];
    lost_one_is_back |= facts.lost;
    // A node that says goodbye stays a member for a moment.
    const bool leaving = facts.leaving && went_along(hello, authority);
    const bool new_here = state.durable.epoch > 0 && !state.durable.epoch_members.contains(node);
    const bool just_back = facts.just_back || new_here;
    const bool back_too_long = facts.back_too_long;
    facts = {};
    facts.just_back = just_back;
    facts.back_too_long = back_too_long && just_back;
    facts.hardware = hello.hardware;
    facts.leaving = leaving;
    if (!leaving) state.durable.let_go.erase(node);
    if (went_along(hello, authority)) continue;
    // A restart mends much; but what made one necessary would again, at the other groups' cost.
    for (auto& [name, group] : state.groups)
      if (const auto failed = group.failures.find(node);
          failed != group.failures.end() && !failed->second.stuck)
        group.failures.erase(failed);
  }
  return lost_one_is_back;
}

// Messages that were said just before a membership broke up may have reached the lost nodes only:
// one of them may have been told to start what seems to be free here.
void suspect_lost_members(State& state, const View& view) {
  for (const Group& group : state.config().groups) {
    GroupState& now = state.groups[group.name];
    if (now.holder && view.members.contains(*now.holder)) continue;
    for (const NodeId node : group.policy)
      if (node != now.holder && state.met.contains(node) && !view.members.contains(node) &&
          state.let_go(node) == LetGo::unproven)
        now.may_be_on.insert(node);
  }
  state.met = view.members;
}

SettingsStand stand_of(const Hello& hello, const GroupName& group) {
  const auto found = hello.settings.find(group);
  return found == hello.settings.end() ? SettingsStand{} : found->second;
}

// The member whose settings count: of those that have every acknowledged one the one that runs the
// group, or has most. Where the disks of all these may have lost the change that was written last,
// also one that is just that change ahead of them; one that is further ahead, or behind, went
// another way. Nothing while one that is away may have more.
std::optional<NodeId> settings_authority(const State& state, const Group& group,
                                         const std::set<NodeId>& having, const Hellos& hellos) {
  using enum SettingsStand::Soundness;
  const auto now = state.groups.find(group.name);
  const auto holder = now == state.groups.end() ? std::nullopt : now->second.holder;
  std::vector<NodeId> nodes = group.policy;
  for (const NodeId node : having)
    if (std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(node);
  const auto stand = [&](NodeId node) { return stand_of(hellos.at(node), group.name); };
  std::erase_if(nodes, [&](NodeId node) {
    return !hellos.contains(node) || stand(node).soundness == damaged;
  });
  const bool all_are_usable = std::ranges::all_of(
      having, [&](NodeId node) { return std::ranges::find(nodes, node) != nodes.end(); });
  uint64_t most = 0;
  if (all_are_usable)
    for (const NodeId node : having) most = std::max(most, stand(node).number);

  std::optional<NodeId> best;
  std::tuple<bool, bool, uint64_t, bool> best_rank;
  for (const NodeId node : nodes) {
    const bool had_all = having.contains(node);
    const bool surely_has_all = had_all && stand(node).soundness == sound;
    const bool may_have_most =
        all_are_usable && !having.empty() && (had_all || stand(node).number == most + 1);
    if (!surely_has_all && !may_have_most) continue;
    const std::tuple rank(surely_has_all, surely_has_all && holder == node, stand(node).number,
                          had_all);
    if (best && rank <= best_rank) continue;
    best = node;
    best_rank = rank;
  }
  return best;
}

}  // namespace

NodeId most_knowing(const Hellos& hellos) {
  const auto knows_less = [](const auto& one, const auto& other) {
    return knowledge(one.second) < knowledge(other.second);
  };
  return std::ranges::max_element(hellos, knows_less)->first;
}

std::string find_disagreement(const State& state, const Hellos& hellos) {
  const NodeId authority = most_knowing(hellos);
  const Hello& known = hellos.at(authority);
  // Later on, two that know equally much differ only in what was never acknowledged.
  if (known.epoch > 0) return "";
  for (const auto& [node, hello] : hellos)
    if (knowledge(hello) == knowledge(known) && hello.config_hash != known.config_hash)
      return fmt::format(
          "{} and {} start with different configurations; say on one of them: tasuki config apply "
          "FILE",
          state.config().node_name(authority), state.config().node_name(node));
  return "";
}

bool knows_newest(const State& state, const Hellos& hellos, Vouches vouches) {
  const Config& config = state.config();
  const bool all_are_here =
      std::ranges::all_of(config.nodes, [&](const Node& node) { return hellos.contains(node.id); });
  if (all_are_here) return true;
  // One that took part in it and never wrote it would still believe in the epoch before.
  const Hello& known = hellos.at(most_knowing(hellos));
  const auto present = [&](NodeId node) {
    // A node for which somebody vouched made no newer epoch, or its changes may be given up.
    if (vouches == Vouches::count && state.let_go(node) == LetGo::confirmed) return true;
    const auto hello = hellos.find(node);
    // What it does not remember it may have decided with those that are not here.
    return hello != hellos.end() && !hello->second.forgetful &&
           (hello->second.epoch > 0 || known.epoch == 0);
  };
  const bool settled = std::ranges::any_of(hellos | std::views::values, [&](const Hello& hello) {
    return hello.settled && hello.epoch == known.epoch;
  });
  if (known.current && settled) return true;
  // Every deciding membership follows an earlier one with which it shares a member. When all
  // members of the newest one known here are present, there can be no newer one.
  const bool nobody_is_missing = std::ranges::all_of(config.nodes, [&](const Node& node) {
    const bool needed = state.durable.epoch == 0 || state.durable.epoch_members.contains(node.id);
    return !needed || present(node.id);
  });
  if (nobody_is_missing) return true;
  // Those who are not here cannot have decided without one who is.
  const auto absent = static_cast<size_t>(
      std::ranges::count_if(config.nodes, [&](const Node& node) { return !present(node.id); }));
  return !decided_by_fence(config) && absent + witness_votes(config) < majority(config);
}

std::vector<Note> go_on_from(State& state, const View& view, const Hellos& hellos) {
  std::vector<Note> notes;
  const Hello& authority = hellos.at(most_knowing(hellos));
  // The cluster decides as its oldest member does.
  state.feature_level =
      std::ranges::min(hellos | std::views::values | std::views::transform(&Hello::feature_level));
  recall(state);
  const bool lost_one_is_back = welcome_members(state, hellos, authority);
  for (const auto& [node, hello] : hellos) judge_vouch(state, node, hello, notes);
  hear_what_members_hold(state, hellos, notes);
  suspect_lost_members(state, view);
  if (!authority.current) distrust_absent(state, view);
  for (const Node& node : state.config().nodes)
    if (!view.alive.contains(node.id)) state.nodes[node.id].lost = true;
  for (auto& [name, group] : state.groups) {
    const bool held_here = group.holder && view.members.contains(*group.holder);
    if (lost_one_is_back && authority.current && held_here && group.phase == Phase::online)
      ++group.recover_count;
    // A move to a node that is not there any more is over.
    const GroupIntent intent = state.intent_of(name);
    if (intent.moved_to && !view.members.contains(*intent.moved_to))
      group.move_seen = std::max(group.move_seen, intent.moved_at_version);
  }
  return notes;
}

void agree_on_settings(State& state, const View& view, const Hellos& hellos) {
  for (const Group& group : state.config().groups) {
    if (!follows_settings(group)) continue;
    // Before anything was said of them, nobody has more than others.
    auto& having =
        state.durable.has_settings.try_emplace(group.name, group.policy.begin(), group.policy.end())
            .first->second;
    const auto authority = settings_authority(state, group, having, hellos);
    if (!authority) {
      // Of those that are here none knows whether its disk lost some.
      std::erase_if(having, [&](NodeId node) { return view.members.contains(node); });
      continue;
    }
    const SettingsStand newest = stand_of(hellos.at(*authority), group.name);
    having.insert(*authority);
    std::erase_if(having, [&](NodeId node) {
      if (!view.members.contains(node)) return true;
      const SettingsStand stand = stand_of(hellos.at(node), group.name);
      return stand.number != newest.number || stand.digest != newest.digest;
    });
  }
}

void distrust_absent(State& state, const View& view) {
  for (const Node& node : state.config().nodes)
    if (!view.members.contains(node.id) && state.let_go(node.id) == LetGo::unproven)
      state.nodes[node.id].may_hold_anything = true;
}

}  // namespace tasuki::core
