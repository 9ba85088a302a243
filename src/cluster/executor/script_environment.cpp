#include "cluster/executor/script_environment.hpp"

#include <algorithm>

namespace tasuki::executor {

std::map<std::string, std::string> script_environment(const core::Config& config,
                                                      const GroupSpec& spec, const Order& order,
                                                      core::NodeId self, core::Event event,
                                                      Disk disk) {
  const core::Group* group = config.find_group(spec.name);
  size_t place = 0;
  if (group != nullptr)
    place = static_cast<size_t>(std::ranges::find(group->policy, self) - group->policy.begin());
  const std::string server = place == 0 ? "HOME" : "OTHER";
  const std::string disk_text = disk == Disk::success ? "SUCCESS" : "FAILURE";

  std::map<std::string, std::string> environment = spec.environment;
  environment["ARMS_EVENT"] = core::to_text(event);
  environment["ARMS_DISK"] = disk_text;
  environment["ARMS_SERVER"] = server;
  environment["CLP_EVENT"] = core::to_text(event);
  environment["CLP_DISK"] = disk_text;
  environment["CLP_SERVER"] = server;
  environment["CLP_GROUPNAME"] = spec.name.value;
  environment["CLP_PRIORITY"] = std::to_string(place + 1);
  environment["CLP_FACTOR"] = order.up ? "" : order.factor;
  environment["CLP_SERVER_PREV"] = order.previous ? config.node_name(*order.previous) : "";
  return environment;
}

}  // namespace tasuki::executor
