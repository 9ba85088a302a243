// Which paths lead to the disk that a device is on, by sysfs: reservations are for whole disks, and
// each path is registered by itself.
#pragma once

#include <string>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::guard {

struct DiskPaths {
  std::string disk;                // "/dev/sdb", or the multipath device, "/dev/dm-0"
  std::vector<std::string> paths;  // "/dev/sdb", or the multipath device's: "/dev/sdb", "/dev/sdc"
  friend bool operator==(const DiskPaths&, const DiskPaths&) = default;
};

// Of a whole disk, a partition, a multipath device or a partition of one, by any name: "/dev/sdb1",
// "/dev/disk/by-id/wwn-0x6001405", "/dev/mapper/data1". Errors: no such device; a device that is
// put together in another way (LVM, RAID, encryption), which may lie on several disks.
Result<DiskPaths> paths_of(const std::string& device, const std::string& sysfs = "/sys");

}  // namespace tasuki::guard
