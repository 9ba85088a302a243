// The verbs of `tasuki lab`.
#pragma once

#include <string>
#include <vector>

namespace tasuki::lab {

// Runs `tasuki lab ARGUMENTS...` and returns the exit status: 0 done, 1 failed, 2 not understood;
// for `exec` that of the command. The calling process must have one thread and end afterwards.
int lab_command(std::vector<std::string> arguments);

}  // namespace tasuki::lab
