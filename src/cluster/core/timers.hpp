// The timers that the state asks for. A timer's end is a fact like any other: its owner announces
// it to all members.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/core/moment.hpp"
#include "cluster/core/plan.hpp"
#include "cluster/core/state.hpp"
#include "cluster/core/timing.hpp"

namespace tasuki::core {

struct Timer {
  std::string name;  // equal at every member; a timer of a new name starts anew
  NodeId owner;
  milliseconds duration{};
  // Its end says that this node's lease is over.
  std::optional<NodeId> ends_lease_of = {};
  friend bool operator==(const Timer&, const Timer&) = default;
};

// What should be running now.
std::vector<Timer> timers_of(const State& state, const View& view, const Timing& timing);

// How long the end of a lease is put off when the node was seen then to write that it has groups:
// what lives on after its lease is not what it should be. Zero when it is not put off.
milliseconds postponement(std::optional<Moment> seen_with_groups, Moment now, const Timing& timing);

// What the end of a timer means; nothing when the state has moved on. `may_decide`: as in plan().
void apply_expiry(State& state, const View& view, const std::string& timer, bool may_decide);

}  // namespace tasuki::core
