#include "cluster/core/state.hpp"

#include <algorithm>

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

bool State::holds_anything(NodeId node) const {
  return std::ranges::any_of(groups,
                             [&](const auto& entry) { return entry.second.holder == node; });
}

bool decided_by_fence(const Config& config) {
  return config.nodes.size() == 2 && !config.witness;
}

bool has_right_to_decide(const State& state, const View& view) {
  const Config& config = state.config();
  if (config.nodes.size() <= 1) return true;
  if (!decided_by_fence(config)) return view.quorate;
  return std::ranges::all_of(config.nodes, [&](const Node& node) {
    if (view.members.contains(node.id)) return true;
    const LetGo proof = state.let_go(node.id);
    return proof == LetGo::left || proof == LetGo::power_off || proof == LetGo::confirmed;
  });
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

}  // namespace tasuki::core
