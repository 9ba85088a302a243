// What is mounted where, in every mount namespace of this machine (proc_pid_mountinfo(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::resource {

struct Mount {
  uint64_t id = 0;
  dev_t device = 0;  // of the file system; a number without a device for btrfs
  std::string mount_point;
  std::string source;  // as it was given to mount(2)
  bool read_only = false;
  friend bool operator==(const Mount&, const Mount&) = default;
};

// In its order: a later mount covers an earlier one at the same place. Other lines are left out.
std::vector<Mount> parse_mount_table(std::string_view mountinfo);

// This process's own.
Result<std::vector<Mount>> read_mount_table();

// The mounts of the other mount namespaces, each as one process in it sees them.
struct ForeignMounts {
  pid_t process = 0;
  std::vector<Mount> mounts;
};
std::vector<ForeignMounts> read_foreign_mount_tables();

// A block device as mount tables show it.
struct BlockDevice {
  std::string path;
  dev_t number = 0;  // 0: there is no such device any more

  // Fails with a sentence when the path is not that of a block device.
  static Result<BlockDevice> find(const std::string& path);
  [[nodiscard]] bool carries(const Mount& mount) const;
};

// Those of them whose file system is on the device.
std::vector<Mount> mounts_of(const BlockDevice& device, const std::vector<Mount>& mounts);

}  // namespace tasuki::resource
