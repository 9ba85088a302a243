#include "cluster/core/state.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/message.hpp"
#include "cluster/core/plan.hpp"

namespace tasuki::core {

LetGo State::let_go(NodeId node) const {
  const auto found = durable.let_go.find(node);
  return found == durable.let_go.end() ? LetGo::unproven : found->second;
}

GroupIntent State::intent_of(const GroupName& group) const {
  const auto found = durable.intent.groups.find(group);
  if (found != durable.intent.groups.end()) return found->second;
  const Group* configured = config().find_group(group);
  GroupIntent intent;
  intent.run = configured != nullptr && configured->autostart;
  return intent;
}

bool Durable::has_accepted(const std::string& change_id) const {
  return std::ranges::find(recent, change_id) != recent.end();
}

void Durable::remember_accepted(const std::string& change_id) {
  // More than can be on their way while a membership changes.
  constexpr size_t kRecentMax = 64;
  recent.push_back(change_id);
  if (recent.size() > kRecentMax) recent.erase(recent.begin());
}

bool State::has_settings(const GroupName& group, NodeId node) const {
  const Group* configured = config().find_group(group);
  const auto having = durable.has_settings.find(group);
  return configured == nullptr || !follows_settings(*configured) ||
         having == durable.has_settings.end() || having->second.contains(node);
}

bool State::holds_anything(NodeId node) const {
  const auto facts = nodes.find(node);
  if (facts != nodes.end() && facts->second.may_hold_anything) return true;
  return std::ranges::any_of(groups, [&](const auto& entry) {
    return entry.second.holder == node || entry.second.may_be_on.contains(node);
  });
}

bool State::lease_counts(NodeId node) const {
  const Node* configured = config().find_node(node);
  const auto facts = nodes.find(node);
  if (configured == nullptr || facts == nodes.end() || !facts->second.hardware) return false;
  const Hardware& hardware = *facts->second.hardware;
  const bool virtual_machine = configured->machine == Machine::detect
                                   ? hardware.virtual_machine
                                   : configured->machine == Machine::virtual_machine;
  return hardware.watchdog && !virtual_machine;
}

std::string State::node_name(NodeId node) const {
  const auto removed = durable.retired.find(node);
  return removed == durable.retired.end() ? config().node_name(node) : removed->second;
}

void remember(State& state) {
  state.durable.stuck.clear();
  state.durable.conflicts.clear();
  for (const auto& [name, group] : state.groups) {
    for (const auto& [node, failure] : group.failures)
      if (failure.stuck) state.durable.stuck[name][node] = failure.reason;
    if (group.conflict) state.durable.conflicts[name] = *group.conflict;
    for (auto& [node, vouch] : state.durable.vouched)
      if (const auto had = vouch.groups.find(name);
          had != vouch.groups.end() && group.holder && *group.holder != node)
        had->second = group.holder;
  }
}

void recall(State& state) {
  for (const auto& [name, conflict] : state.durable.conflicts)
    if (state.config().find_group(name) != nullptr) state.groups[name].conflict = conflict;
  for (const auto& [name, nodes] : state.durable.stuck) {
    if (state.config().find_group(name) == nullptr) continue;
    for (const auto& [node, reason] : nodes)
      if (!state.groups[name].failures.contains(node))
        state.groups[name].failures[node] = {reason, state.next_failure++, false, true};
  }
}

std::map<NodeId, Vouch> vouched_after(const State& state, const View& view, NodeId node) {
  auto vouched = state.durable.vouched;
  for (const Group& group : state.config().groups) {
    const auto now = state.groups.find(group.name);
    const bool is_elsewhere = now != state.groups.end() && now->second.holder &&
                              view.members.contains(*now->second.holder);
    if (!is_elsewhere && owners_of(state, view, group.name).contains(node))
      vouched[node].groups[group.name];
  }
  return vouched;
}

std::string describe(const State& state, const Conflict& conflict) {
  const std::string first = state.node_name(conflict.first);
  const std::string second = state.node_name(conflict.second);
  const std::string proof = describe(first, conflict.proof);
  const std::string at = conflict.found_at.empty() ? "" : " at " + conflict.found_at;
  const std::string began =
      fmt::format("{} started it{}", second, proof.empty() ? "" : ", because " + proof);
  if (!conflict.both_up)
    return fmt::format("{}; but {} came back{} without having been off, so both may have written",
                       began, first, at);
  return fmt::format("{}; but {} still had it when they met{}", began, first, at);
}

std::string describe(const std::string& node_name, LetGo proof) {
  switch (proof) {
    case LetGo::unproven:
      return "";
    case LetGo::left:
      return fmt::format("{} stopped its groups and said goodbye", node_name);
    case LetGo::power_off:
      return fmt::format("the power of {} was switched off, and its switch confirmed it",
                         node_name);
    case LetGo::lease:
      return fmt::format("the lease of {} ran out, and its watchdog bound it to have let go",
                         node_name);
    case LetGo::released:
      return fmt::format("{} wrote that it let go of everything", node_name);
    case LetGo::confirmed:
      return fmt::format("an administrator vouched that {} is down", node_name);
  }
  return "";
}

void forget_what_is_up(GroupState& group) {
  group.resources.clear();
  group.watches.clear();
  group.suspended.clear();
}

bool decided_by_fence(const Config& config) {
  return config.nodes.size() == 2 && !config.witness;
}

size_t witness_votes(const Config& config) {
  return config.witness && config.nodes.size() % 2 == 0 ? 1 : 0;
}

std::optional<Witness> slot_place(const Config& config) {
  if (config.witness && config.witness->type != WitnessType::qnetd) return config.witness;
  if (config.lease_device.empty()) return std::nullopt;
  return Witness{.address = {}, .type = WitnessType::disk, .place = config.lease_device};
}

bool nodes_judge_witness(const Config& config) {
  return witness_votes(config) > 0 && config.witness->type != WitnessType::qnetd;
}

size_t majority(const Config& config) {
  return (config.nodes.size() + witness_votes(config)) / 2 + 1;
}

bool others_could_decide(const Config& config, const std::set<NodeId>& ring) {
  if (ring.empty() || decided_by_fence(config)) return false;
  const auto elsewhere = static_cast<size_t>(std::ranges::count_if(
      config.nodes, [&](const Node& node) { return !ring.contains(node.id); }));
  return elsewhere + witness_votes(config) >= majority(config);
}

bool has_right_to_decide(const State& state, const View& view) {
  const Config& config = state.config();
  const auto is_member = [&](const Node& node) { return view.members.contains(node.id); };
  const auto members = static_cast<size_t>(std::ranges::count_if(config.nodes, is_member));
  if (members == 0) return false;  // all were removed
  if (config.nodes.size() == 1) return true;
  if (!decided_by_fence(config)) {
    return (view.quorate && members + witness_votes(config) >= majority(config)) ||
           others_are_down_by_word(state, view);
  }
  return std::ranges::all_of(config.nodes, [&](const Node& node) {
    if (is_member(node)) return true;
    const LetGo proof = state.let_go(node.id);
    return proof == LetGo::left || proof == LetGo::power_off || proof == LetGo::confirmed;
  });
}

bool others_are_down_by_word(const State& state, const View& view) {
  bool any = false;
  for (const Node& node : state.config().nodes) {
    if (view.members.contains(node.id)) continue;
    if (state.let_go(node.id) != LetGo::confirmed) return false;
    any = true;
  }
  return any && !view.members.empty();
}

const char* to_text(LetGo let_go) {
  switch (let_go) {
    case LetGo::unproven:
      return "unproven";
    case LetGo::left:
      return "left";
    case LetGo::power_off:
      return "power off";
    case LetGo::lease:
      return "lease";
    case LetGo::released:
      return "released";
    case LetGo::confirmed:
      return "confirmed";
  }
  return "";
}

const char* to_text(Event event) {
  switch (event) {
    case Event::start:
      return "START";
    case Event::failover:
      return "FAILOVER";
    case Event::recover:
      return "RECOVER";
  }
  return "";
}

const char* to_text(Phase phase) {
  switch (phase) {
    case Phase::offline:
      return "offline";
    case Phase::starting:
      return "starting";
    case Phase::online:
      return "online";
    case Phase::stopping:
      return "stopping";
    case Phase::stuck:
      return "stuck";
  }
  return "";
}

const char* to_text(SettingsStand::Soundness soundness) {
  switch (soundness) {
    case SettingsStand::Soundness::sound:
      return "sound";
    case SettingsStand::Soundness::torn:
      return "torn";
    case SettingsStand::Soundness::damaged:
      return "damaged";
  }
  return "unknown";
}

}  // namespace tasuki::core
