// What tasukid answers on its control socket. docs/api/openapi.yaml describes the routes.
#pragma once

#include <deque>
#include <string>

#include "cluster/api/server.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

// The last lines of the program's own log.
class LogTail {
 public:
  void add(std::string line);
  [[nodiscard]] Json last(size_t count) const;

 private:
  std::deque<std::string> lines_;
};

// Adds every route; `node` and `log` must outlive the server.
void add_routes(api::Server& server, Node& node, const LogTail& log);

}  // namespace tasuki::runner
