// A command that a verb runs for a person: with the caller's terminal, ended with the caller.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::cli {

struct ChildCommand {
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;  // added to the caller's own
};

// How it ended: 128 and the number for a signal, as shells have it. `interrupted`: because this
// process was asked to end (SIGINT, SIGTERM, SIGHUP), or `go_on` said so.
struct ChildEnd {
  int status = 0;
  bool interrupted = false;
};

// Calls `go_on` every `interval` while the command runs, and ends the command when it says no or
// when this process is asked to end: by SIGTERM, and by SIGKILL when that is not enough.
Result<ChildEnd> run_child(const ChildCommand& child, std::chrono::milliseconds interval,
                           const std::function<bool()>& go_on);

// Becomes the command; returns only when that is not possible.
Error become_child(const ChildCommand& child);

}  // namespace tasuki::cli
