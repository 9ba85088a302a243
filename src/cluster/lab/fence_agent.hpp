// The lab's power switch as a program of the fence-agents kind: options as "key=value" lines on
// standard input, the answer as an exit status (fence-agents/doc/FenceAgentAPI.md).
#pragma once

#include <istream>
#include <ostream>
#include <string>

namespace tasuki::lab {

// `name`: as which program it was called. Under another name than its own it stands in for that
// agent, and its options say which node's power is meant as the configuration has them.
// Exit status: 0 done (status: on), 2 off (status only), 1 anything else.
int run_fence_agent(const std::string& name, std::istream& input, std::ostream& output,
                    std::ostream& errors);

}  // namespace tasuki::lab
