// What applying a configuration changes, in sentences for a person, before it is done.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/json.hpp"

namespace tasuki::config {

struct Change {
  std::string path;  // "group.group1.floating-ip-1.address"
  std::string what;  // "group group1: floating-ip-1: address 10.0.0.1 becomes ... (...)"
  friend bool operator==(const Change&, const Change&) = default;
};
Json to_json(const Change& change);

struct ConfigDiff {
  std::vector<Change> changes;  // empty when both mean the same
  // Those that are new, removed or defined otherwise, or use a service that is defined otherwise.
  std::set<core::GroupName> touched_groups;
};

// What an apply touches follows the executor's rule: a resource restarts when it, the service it
// runs or its group's environment changed. Values that may hold passwords are not shown.
ConfigDiff diff_configs(const core::Config& before, const core::Config& after);

}  // namespace tasuki::config
