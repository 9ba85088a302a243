// The routes for whoever works in a group's place: its environment, and its programs that rest
// meanwhile.
#pragma once

#include "cluster/api/server.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

// `node` must outlive the server.
void add_place_routes(api::Server& server, Node& node);

}  // namespace tasuki::runner
