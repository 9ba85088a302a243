// Runs one fence agent once: options on standard input, a limit, an exit code. Nothing of the agent
// outlives the call.
#pragma once

#include <string>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::guard {

struct AgentEnd {
  int exit_code = 0;
  std::string output;  // what it printed and wrote as errors; of very much, the end

  // That is not blank; where agents say why they failed.
  [[nodiscard]] std::string last_line() const;
};

// What the agent reads: action, plug (unless it is empty or the options name a `plug` or the older
// `port`), and the options.
Result<std::string> agent_input(const core::FenceDevice& device, const std::string& action,
                                const std::string& plug);

// Runs the device's agent, found by its path or in /usr/sbin, /sbin and PATH. After the device's
// limit its process group is killed. Errors: not there, not startable, killed by a signal or by us.
Task<Result<AgentEnd>> run_agent(core::FenceDevice device, std::string action, std::string plug);

}  // namespace tasuki::guard
