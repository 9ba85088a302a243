// Stands for a unit of systemd as the main process of a service under the keeper: starts the unit,
// is there as long as it is, stops it when told to, and ends as it ended. Whoever watches this
// process watches the unit.
//
// The rule it protects: the unit runs in the slice that the keeper kills and freezes, or not at
// all.
#pragma once

#include <string>

namespace tasuki::systemd {

struct Supervised {
  std::string unit;   // "web.service"
  std::string slice;  // its cgroup below the root, as slice_of() gives it
};

// The exit code; when a signal ended the unit's main process, this one ends by it as well.
int supervise(const Supervised& supervised);

}  // namespace tasuki::systemd
