// Block devices, and who has them: as mount tables and the kernel's exclusive claims show it.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "kit/mount_table.hpp"
#include "kit/result.hpp"

namespace tasuki {

// A block device as mount tables show it.
struct BlockDevice {
  std::string path;
  dev_t number = 0;  // 0: there is no such device any more

  // Fails with a sentence when the path is not that of a block device.
  static Result<BlockDevice> find(const std::string& path);
  [[nodiscard]] bool carries(const Mount& mount) const;

  // Success: the device opens exclusively (open(2), O_EXCL), so that no mount, in whatever
  // namespace, and nothing else of this kernel has it; or it is gone, and cannot be written through
  // this machine either. May hang with the device.
  [[nodiscard]] Result<void> check_free() const;
};

// Those of them whose file system is on the device.
std::vector<Mount> mounts_of(const BlockDevice& device, const std::vector<Mount>& mounts);

}  // namespace tasuki
