// A pair of shell scripts or batch files that start and stop something of a group's own. They run
// through the keeper, so what they leave running belongs to the group and ends with it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"

namespace tasuki::resource {

struct ScriptSettings {
  process::KeeperClient& keeper;
  core::GroupName group;
  core::ResourceName name;
  core::Scripts scripts;
  std::function<void(std::string)> warn;  // told of a stop script that failed
  std::string tasuki = {};                // the program that runs batch files
};

// A start script that exits with another code than 0 or takes too long fails, and the stop script
// runs to undo what it did. A stop script that does so is only warned about: once the processes of
// both are killed, what it left behind is nothing that Tasuki guards.
std::unique_ptr<Resource> make_script(ScriptSettings settings);

}  // namespace tasuki::resource
