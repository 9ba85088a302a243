// What a group's scripts and services are told by environment variables: the ARMS_ names of the
// guide (chapter 1.4) and the CLP_ names of its successors.
#pragma once

#include <map>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/executor/group_machine.hpp"

namespace tasuki::executor {

// `self` is the node it runs on. ARMS_SERVER is HOME on the first node of the policy, OTHER
// elsewhere; CLP_PRIORITY is its place in the policy from 1; CLP_FACTOR is why it stops. PATH
// begins with the group's own command folders and `arm_commands`, where the ARM commands are.
// TASUKI_DRIVES tells what drive letters mean.
std::map<std::string, std::string> script_environment(const core::Config& config,
                                                      const GroupSpec& spec, const Order& order,
                                                      core::NodeId self, core::Event event,
                                                      Disk disk, const std::string& arm_commands);

}  // namespace tasuki::executor
