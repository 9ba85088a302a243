// The timers that the state asks for. A timer's end is a fact like any other: its owner announces
// it to all members.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/core/plan.hpp"
#include "cluster/core/state.hpp"
#include "cluster/core/timing.hpp"

namespace tasuki::core {

struct Timer {
  std::string name;  // equal at every member; a timer of a new name starts anew
  NodeId owner;
  milliseconds duration{};
  // Its end says that this node's lease is over. It does not while the node is seen alive: then it
  // starts anew.
  std::optional<NodeId> ends_lease_of = {};
  friend bool operator==(const Timer&, const Timer&) = default;
};

// What should be running now.
std::vector<Timer> timers_of(const State& state, const View& view, const Timing& timing);

// What the end of a timer means; nothing when the state has moved on. `may_decide`: as in plan().
void apply_expiry(State& state, const View& view, const std::string& timer, bool may_decide);

}  // namespace tasuki::core
