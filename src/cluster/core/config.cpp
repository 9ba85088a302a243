#include "cluster/core/config.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::core {
namespace {

template <class Items, class Key, class Value>
auto find_by(const Items& items, Key key, const Value& value) {
  const auto found = std::ranges::find(items, value, key);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

bool needs_restart(const Service& running, const Service& wanted) {
  const auto what_runs = [](const Service& service) {
    return std::tie(service.command, service.unit, service.user, service.working_directory,
                    service.environment, service.stop_signal, service.scope);
  };
  return what_runs(running) != what_runs(wanted);
}

bool needs_restart(const Resource& running, const Resource& wanted) {
  const auto* before = std::get_if<Partition>(&running.what);
  const auto* after = std::get_if<Partition>(&wanted.what);
  if (before == nullptr || after == nullptr) return running.what != wanted.what;
  Partition renamed = *before;
  renamed.drive = after->drive;  // a name, nothing of the mount
  return renamed != *after;
}

bool follows_settings(const Group& group) {
  return !group.registry.empty() || !group.files.empty();
}

bool disks_refuse_others(const Group& group) {
  bool any = false;
  for (const Resource& resource : group.resources)
    if (const auto* partition = std::get_if<Partition>(&resource.what)) {
      if (partition->guard != Guard::scsi_reservation) return false;
      any = true;
    }
  return any;
}

bool shares_partition_with(const Group& group, Guard guard) {
  return group.policy.size() > 1 &&
         std::ranges::any_of(group.resources, [&](const Resource& resource) {
           const auto* partition = std::get_if<Partition>(&resource.what);
           return partition != nullptr && partition->guard == guard;
         });
}

bool reserves(const Config& config, const std::string& device) {
  const auto reserved = [&](const Resource& resource) {
    const auto* partition = std::get_if<Partition>(&resource.what);
    return partition != nullptr && partition->device == device &&
           partition->guard == Guard::scsi_reservation;
  };
  return std::ranges::any_of(config.groups, [&](const Group& group) {
    return std::ranges::any_of(group.resources, reserved);
  });
}

const Node* Config::find_node(NodeId id) const {
  return find_by(nodes, &Node::id, id);
}
const Node* Config::find_node(const std::string& name) const {
  return find_by(nodes, &Node::name, name);
}
const Group* Config::find_group(const GroupName& name) const {
  return find_by(groups, &Group::name, name);
}
const Service* Config::find_service(const ServiceName& name) const {
  return find_by(services, &Service::name, name);
}

const Service* Config::find_service_called(std::string_view called) const {
  const auto found = std::ranges::find_if(services, [&](const Service& service) {
    return same_but_case(service.name.value, called) || same_but_case(service.display_name, called);
  });
  return found == services.end() ? nullptr : &*found;
}

std::map<char, std::string> Config::all_drives() const {
  std::map<char, std::string> all = drives;
  for (const Group& group : groups)
    for (const Resource& resource : group.resources)
      if (const auto* partition = std::get_if<Partition>(&resource.what))
        if (!partition->drive.empty()) all[partition->drive.front()] = partition->mount_point;
  return all;
}

std::string Config::node_name(NodeId id) const {
  const Node* node = find_node(id);
  return node != nullptr ? node->name : fmt::format("node {}", id);
}

}  // namespace tasuki::core
