#include "cluster/simulation/pace.hpp"

namespace tasuki::simulation {
namespace {

Range known_or(const std::map<std::string, Time>& known, const core::GroupName& group,
               const core::Resource& resource, Range otherwise) {
  const auto found = known.find(group.value + "/" + resource.name.value);
  if (found == known.end()) return otherwise;
  return {found->second, found->second, found->second};
}

}  // namespace

Range start_range(const Pace& pace, const core::GroupName& group, const core::Resource& resource) {
  Range range = pace.script;
  if (std::holds_alternative<core::Partition>(resource.what)) range = pace.mount;
  if (std::holds_alternative<core::FloatingIp>(resource.what)) range = pace.address;
  if (std::holds_alternative<core::ServiceUse>(resource.what)) range = pace.service_start;
  return known_or(pace.known_starts, group, resource, range);
}

Range stop_range(const Pace& pace, const core::GroupName& group, const core::Resource& resource) {
  Range range = pace.script;
  if (std::holds_alternative<core::Partition>(resource.what)) range = pace.unmount;
  if (std::holds_alternative<core::FloatingIp>(resource.what)) range = pace.address;
  if (std::holds_alternative<core::ServiceUse>(resource.what)) range = pace.service_stop;
  return known_or(pace.known_stops, group, resource, range);
}

}  // namespace tasuki::simulation
