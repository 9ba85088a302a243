#include "cluster/executor/script_environment.hpp"

#include <algorithm>

#include "kit/default_path.hpp"

namespace tasuki::executor {
namespace {

// The group's own PATH, or the usual one, behind the folders whose commands scripts mean.
std::string command_path(const core::Group* group, const std::map<std::string, std::string>& own,
                         const std::string& arm_commands) {
  std::string path;
  if (group != nullptr)
    for (const std::string& folder : group->commands) path += folder + ":";
  if (!arm_commands.empty()) path += arm_commands + ":";
  const auto given = own.find("PATH");
  return path + (given == own.end() ? kDefaultPath : given->second);
}

// As `tasuki script run` reads it: "y=/mnt/data;z=/srv".
std::string drives_text(const core::Config& config) {
  std::string text;
  for (const auto& [letter, folder] : config.all_drives())
    text += std::string(text.empty() ? "" : ";") + letter + "=" + folder;
  return text;
}

}  // namespace

std::map<std::string, std::string> script_environment(const core::Config& config,
                                                      const GroupSpec& spec, const Order& order,
                                                      core::NodeId self, core::Event event,
                                                      Disk disk, const std::string& arm_commands) {
  const core::Group* group = config.find_group(spec.name);
  size_t place = 0;
  if (group != nullptr)
    place = static_cast<size_t>(std::ranges::find(group->policy, self) - group->policy.begin());
  const std::string server = place == 0 ? "HOME" : "OTHER";
  const std::string disk_text = disk == Disk::success ? "SUCCESS" : "FAILURE";

  std::map<std::string, std::string> environment = spec.environment;
  environment["PATH"] = command_path(group, spec.environment, arm_commands);
  environment["TASUKI_DRIVES"] = drives_text(config);
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
