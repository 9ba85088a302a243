// Where control groups, version 2, are on this machine (cgroups(7)).
#pragma once

#include <string>
#include <string_view>

#include "kit/result.hpp"

namespace tasuki {

// Where the version 2 hierarchy is mounted, and the calling process's own cgroup as a folder in it.
struct CgroupPlace {
  std::string mount_point;  // "/sys/fs/cgroup"
  std::string own;          // "/sys/fs/cgroup/system.slice/tasuki-keeper.service"
  friend bool operator==(const CgroupPlace&, const CgroupPlace&) = default;
};

// Reads the place from the texts of /proc/self/mountinfo and /proc/self/cgroup; a sentence for a
// person when this machine has no cgroup v2.
Result<CgroupPlace> parse_cgroup_place(std::string_view mountinfo, std::string_view own_cgroup);
Result<CgroupPlace> find_cgroup_place();

}  // namespace tasuki
