// The first process of a host: starts its programs as a service manager would, starts them again
// when they end, and reaps everything that loses its parent.
#pragma once

#include <string>
#include <vector>

#include "cluster/lab/plan.hpp"

namespace tasuki::lab {

// Exit status of a host whose keeper died.
inline constexpr int kHostFailed = 3;

// Runs until SIGTERM (then ends the programs in reverse order, each with a limit) or until a
// program with `ends_host` ends; returns the exit status. Each program's output is appended to
// LOG_FOLDER/PROGRAM.log.
int run_host_programs(const std::vector<Program>& programs, const std::string& log_folder);

}  // namespace tasuki::lab
