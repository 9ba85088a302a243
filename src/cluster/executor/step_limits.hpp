// How long a step of a group may take before it counts as failed.
#pragma once

#include "cluster/executor/group_machine.hpp"

namespace tasuki::executor {

// What an adapter may need beyond its limit to notice it and to tell of it.
inline constexpr core::milliseconds kAdapterGrace{5000};
// A step that was cancelled at its limit has this long to notice; then it hangs for good, and the
// group cannot be let go of.
inline constexpr core::milliseconds kCancelGrace{2000};

// A service is asked to stop for as long as its definition says, and then killed.
inline core::milliseconds stop_limit(const Item& item) {
  const core::milliseconds own = item.resource.stop_limit;
  return item.service ? std::min(own, item.service->stop_limit) : own;
}

// Adapters keep the limits; these only back them up, and leave a start that fails the time to undo
// itself.
inline core::milliseconds start_backstop(const Item& item) {
  return item.resource.start_limit + stop_limit(item) + kAdapterGrace;
}
inline core::milliseconds stop_backstop(const Item& item) {
  return stop_limit(item) + kAdapterGrace;
}

}  // namespace tasuki::executor
