// Unix stream sockets on which lines come and go.
#pragma once

#include <functional>
#include <string>

#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::lab {

struct LineAnswer {
  std::string line;   // without its end; empty: no answer is sent
  int attached = -1;  // a descriptor to send with it (SCM_RIGHTS)
};

// Listens on `path` (mode 0600) from now on. `answer` gives a task for each line; the lines of one
// connection are answered in their order, those of several at the same time.
Result<void> serve_lines(asio::io_context& io, const std::string& path,
                         std::function<Task<LineAnswer>(std::string)> answer);

}  // namespace tasuki::lab
