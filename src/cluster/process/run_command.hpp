// Runs one program through the keeper and waits for its end: what scripts and readiness checks are.
#pragma once

#include <string>

#include "cluster/process/keeper_client.hpp"

namespace tasuki::process {

struct CommandEnd {
  ExitStatus status;
  std::string last_line;  // of its output; empty when it printed nothing
};

// "exited with code 1, saying: no space left on device".
std::string describe(const ExitStatus& status, const std::string& last_line);

// Processes it leaves behind stay in its cgroup and run on. When the limit runs out everything of
// it is killed, and that is a failure; so is a program that cannot be executed.
Task<Result<CommandEnd>> run_command(KeeperClient& keeper, Spawn spawn, milliseconds limit);

}  // namespace tasuki::process
