#include "kit/block_device.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

#include "kit/fd.hpp"

namespace tasuki {

Result<BlockDevice> BlockDevice::find(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return failure(fmt::format("there is no device {}", path), ENOENT);
    return errno_failure("look at " + path);
  }
  if (!S_ISBLK(status.st_mode))
    return failure(fmt::format("{} is not a block device", path), ENOTBLK);
  return BlockDevice{path, status.st_rdev};
}

// btrfs numbers its file systems by itself, so that only the source tells the device.
bool BlockDevice::carries(const Mount& mount) const {
  if (number == 0) return mount.source == path;
  if (major(mount.device) != 0) return mount.device == number;
  struct stat status{};
  return mount.source.starts_with('/') && ::stat(mount.source.c_str(), &status) == 0 &&
         S_ISBLK(status.st_mode) && status.st_rdev == number;
}

Result<void> BlockDevice::check_free() const {
  Fd device(::open(path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
  if (!device && (errno == EROFS || errno == EACCES))  // a device that cannot be written anyway
    device = Fd(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  if (device || errno == ENOENT || errno == ENXIO || errno == ENODEV || errno == ENOMEDIUM)
    return {};
  return errno_failure("open " + path + " exclusively");
}

std::vector<Mount> mounts_of(const BlockDevice& device, const std::vector<Mount>& mounts) {
  std::vector<Mount> found;
  std::ranges::copy_if(mounts, std::back_inserter(found),
                       [&device](const Mount& mount) { return device.carries(mount); });
  return found;
}

}  // namespace tasuki
