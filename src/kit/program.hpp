// Runs a program to its end, with a limit.
#pragma once

#include <string>
#include <vector>

#include "kit/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki {

struct ProgramEnd {
  int code = 0;           // its exit code
  std::string last_line;  // of what it printed, either way; empty when it printed nothing
};

// Blocks. The program, a path, is asked to end at the deadline and killed two seconds later, which
// both are a failure, as is its death by a signal. It does not outlive the thread that runs it.
Result<ProgramEnd> run_program(std::vector<std::string> command, Deadline deadline);

// The same where any exit code but 0 is a failure too, told with what the program said last.
Result<void> run_to_success(std::vector<std::string> command, Deadline deadline);

}  // namespace tasuki
