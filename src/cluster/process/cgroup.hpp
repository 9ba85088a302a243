// Control groups, version 2: the few things the keeper does with them. Only cgroup.procs,
// cgroup.events, cgroup.kill and cgroup.freeze are needed, no controller. Source: the kernel's
// Documentation/admin-guide/cgroup-v2.rst.
#pragma once

#include <string>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

// Opens the folder of a cgroup, as CLONE_INTO_CGROUP wants it.
Result<Fd> open_cgroup(const std::string& folder);

// Sends SIGKILL to every process in the cgroup and below; none can escape by forking.
Result<void> kill_cgroup(const std::string& folder);

// Whatever is in the cgroup or comes into it later does not run from here on; it can be killed.
Result<void> freeze_cgroup(const std::string& folder);

// Tells when a cgroup becomes empty: its descriptor is readable with EPOLLPRI after each change.
class CgroupWatch {
 public:
  static Result<CgroupWatch> open(const std::string& folder);
  [[nodiscard]] int fd() const { return events_.get(); }
  // Whether a process lives in the cgroup or below. Reading also waits for the next change.
  [[nodiscard]] Result<bool> populated() const;

 private:
  explicit CgroupWatch(Fd events) : events_(std::move(events)) {}
  Fd events_;
};

// Removes an empty cgroup with the empty ones below it; fine when it is not there.
Result<void> remove_cgroup_tree(const std::string& folder);

}  // namespace tasuki::process
