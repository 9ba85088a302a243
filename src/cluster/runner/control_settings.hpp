// The routes of the settings that follow groups: the registry and files.
#pragma once

#include "cluster/api/server.hpp"
#include "cluster/runner/node.hpp"

namespace tasuki::runner {

void add_settings_routes(api::Server& server, Node& node);

}  // namespace tasuki::runner
