// Runs a program to its end, with a limit.
#pragma once

#include <string>
#include <vector>

#include "cluster/resource/partition/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

struct ProgramEnd {
  int exit_code = 0;
  std::string last_line;  // of what it printed
};

// Blocks. The program is asked to end at the deadline and killed two seconds later, which both are
// a failure, as is its death by a signal. It does not outlive this process.
Result<ProgramEnd> run_program(std::vector<std::string> command, Deadline deadline);

}  // namespace tasuki::resource
