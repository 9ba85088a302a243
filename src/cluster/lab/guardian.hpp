// The process outside that starts the supervisor and outlives it by a moment, to take away what the
// kernel does not.
#pragma once

#include <string>

#include "cluster/lab/places.hpp"
#include "cluster/lab/supervisor.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

// Running labs are named here, each a link to its folder.
inline constexpr const char* kRegistry = "/run/tasuki-lab";

// Makes the folder and takes its lock, which says that a lab runs there; held by whoever has the
// descriptor.
Result<Fd> lock_lab(const Places& places);

// Forks the guardian away from the terminal, which starts the supervisor; returns the end of a
// pipe from which `lab up` reads its progress (see run_supervisor()). The guardian keeps `lock`.
Result<Fd> start_lab(LabSettings settings, Fd lock);

}  // namespace tasuki::lab
