// One question to a unix stream socket, one line each way, as the lab's sockets speak.
#pragma once

#include <chrono>
#include <string>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

struct LineReply {
  std::string line;  // without its end
  Fd attached;       // a descriptor that came with it (SCM_RIGHTS), if any
};

// Fails when nobody listens, or no whole line comes within `limit`.
Result<LineReply> ask_line(const std::string& socket_path, const std::string& question,
                           std::chrono::milliseconds limit);

}  // namespace tasuki::lab
