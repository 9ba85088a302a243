// The routes that ARM commands and net use (docs/arm-commands.md).
#pragma once

#include "cluster/api/server.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

// `node` must outlive the server.
void add_arm_routes(api::Server& server, Node& node);

}  // namespace tasuki::runner
