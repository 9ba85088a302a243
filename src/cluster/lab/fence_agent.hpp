// The lab's power switch as a program of the fence-agents kind: options as "key=value" lines on
// standard input, the answer as an exit status (fence-agents/doc/FenceAgentAPI.md).
#pragma once

#include <istream>
#include <ostream>

namespace tasuki::lab {

// Exit status: 0 done (status: on), 2 off (status only), 1 anything else.
int run_fence_agent(std::istream& input, std::ostream& output, std::ostream& errors);

}  // namespace tasuki::lab
