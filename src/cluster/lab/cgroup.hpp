// The lab's cgroups (v2): one for the lab below the caller's own, one in it for each host. They are
// what freezes a host, and the only thing that the kernel does not take away by itself.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::lab {

// Freezes or thaws everything in the cgroup and below it. Success: the kernel says that it is so;
// otherwise a process that cannot be stopped within half a second is left as it is, with an error.
Result<void> set_frozen(const std::string& cgroup, bool frozen);

// The processes in the cgroup and below it, in this process's numbering.
std::vector<pid_t> processes_below(const std::string& cgroup);

// Removes the cgroup with everything below it; its processes must have ended. Fine when it is gone.
Result<void> remove_cgroup(const std::string& cgroup);

}  // namespace tasuki::lab
