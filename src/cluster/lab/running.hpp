// Running labs as the commands see them: found by folder or because there is only one, and asked on
// their control socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "kit/fd.hpp"
#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

// The folder of the lab that is meant: `wanted`, or the one that runs.
Result<std::string> find_lab(const std::optional<std::string>& wanted);

// Takes away what labs left behind of which every process was killed: the one in `wanted`, or all
// that there are. Returns their folders.
Result<std::vector<std::string>> sweep_killed_labs(const std::optional<std::string>& wanted);

struct LabReply {
  Json json;
  Fd attached;
};

// Sends a request of control.hpp to the lab in `folder`; an answer with "ok": false is a failure.
Result<LabReply> ask_lab(const std::string& folder, const Json& request);

// Waits until the processes of the lab in `folder` are gone and its guardian has cleaned up.
Result<void> wait_until_down(const std::string& folder, std::chrono::milliseconds limit);

}  // namespace tasuki::lab
