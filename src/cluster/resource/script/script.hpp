// A pair of shell scripts that start and stop something of a group's own. They run through the
// keeper, so what they leave running belongs to the group and ends with it.
#pragma once

#include <memory>

#include "cluster/core/config.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"

namespace tasuki::resource {

struct ScriptSettings {
  process::KeeperClient& keeper;
  core::GroupName group;
  core::ResourceName name;
  core::Scripts scripts;
  core::milliseconds start_limit;
  core::milliseconds stop_limit;
};

// An exit code other than 0, and a limit that ran out, are failures; the reason has the last line
// the script printed. Processes that the start script left are killed after the stop script.
std::unique_ptr<Resource> make_script(ScriptSettings settings);

}  // namespace tasuki::resource
