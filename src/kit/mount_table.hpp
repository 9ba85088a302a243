// What is mounted where, in every mount namespace of this machine (proc_pid_mountinfo(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "kit/result.hpp"

namespace tasuki {

struct Mount {
  uint64_t id = 0;
  dev_t device = 0;  // of the file system; a number without a device for btrfs
  std::string root;  // the folder within the file system that is mounted
  std::string mount_point;
  std::string filesystem;
  std::string source;  // as it was given to mount(2)
  bool read_only = false;
  friend bool operator==(const Mount&, const Mount&) = default;
};

// In its order: a later mount covers an earlier one at the same place. Other lines are left out.
std::vector<Mount> parse_mount_table(std::string_view mountinfo);

// The mounts that a process sees.
Result<std::vector<Mount>> read_mount_table();  // this one
Result<std::vector<Mount>> read_mount_table(pid_t process);

// The mounts of the other mount namespaces, each as one process in it sees them.
struct ForeignMounts {
  pid_t process = 0;
  std::vector<Mount> mounts;
};
std::vector<ForeignMounts> read_foreign_mount_tables();

}  // namespace tasuki
