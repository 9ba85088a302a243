// How a node leaves the cluster in order: its groups move first, then it says goodbye.
//
// The rule it protects: goodbye is a proof, so it is said only when everybody knows that nothing
// starts here any more and nothing is left here.
#pragma once

#include <optional>

#include "cluster/core/message.hpp"
#include "cluster/core/replica.hpp"

namespace tasuki::core {

// What a node that leaves does next. Either word is said again when it may have been lost with a
// membership.
struct Farewell {
  bool gone = false;  // nothing is left to be said or done
  std::optional<Message> say;
};

// `idle`: nothing of a group is up here or under way.
Farewell decide_farewell(const Replica& replica, bool idle);

}  // namespace tasuki::core
