// Runs a program to its end, with a limit.
#pragma once

#include <string>
#include <vector>

#include "cluster/resource/partition/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

// Its exit code. Blocks. The program is asked to end at the deadline and killed two seconds later,
// which both are a failure, as is its death by a signal. It does not outlive this process.
Result<int> run_program(std::vector<std::string> command, Deadline deadline);

}  // namespace tasuki::resource
