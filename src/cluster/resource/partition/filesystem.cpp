#include "cluster/resource/partition/filesystem.hpp"

#include <array>
#include <blkid/blkid.h>
#include <cstdint>
#include <fcntl.h>
#include <linux/fs.h>
#include <memory>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/program.hpp"

namespace tasuki::resource {
namespace {

enum class Found { one, none, several };

// Looks for file systems, for any or only for `type`, whose place in the device alone is read then.
// Puts into `type` what it found, as libblkid calls it.
Result<Found> probe(const Fd& device, std::string& type) {
  struct Free {
    void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
  };
  const std::unique_ptr<std::remove_pointer_t<blkid_probe>, Free> probe(blkid_new_probe());
  char* only[] = {type.data(), nullptr};
  if (!probe || blkid_probe_set_device(probe.get(), device.get(), 0, 0) != 0 ||
      blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE) != 0 ||
      (!type.empty() &&
       blkid_probe_filter_superblocks_type(probe.get(), BLKID_FLTR_ONLYIN, only) != 0))
    return failure("libblkid does not start");
  constexpr int kNone = 1;
  constexpr int kSeveral = -2;
  const int found = blkid_do_safeprobe(probe.get());
  if (found == kNone) return Found::none;
  if (found == kSeveral) return Found::several;
  const char* value = nullptr;
  if (found != 0 || blkid_probe_lookup_value(probe.get(), "TYPE", &value, nullptr) != 0)
    return failure("it cannot be read", EIO);
  type = value;
  return Found::one;
}

// The full search, for the message, would cost a good start dozens of reads all over the device.
Result<void> check_type(const Fd& device, const core::Partition& partition) {
  std::string type = partition.filesystem;
  auto found = probe(device, type);
  if (found && *found == Found::one) return {};
  if (found) {
    type.clear();
    found = probe(device, type);
  }
  if (!found) return failure(found.error().during(partition.device));
  if (*found == Found::none)
    return failure(fmt::format(
        "no {0} is found on {1}; a disk that held data may be damaged, or another one: look at it "
        "before you write to it (a new one gets its file system by mkfs.{0})",
        partition.filesystem, partition.device));
  return failure(fmt::format("{} has {}, but the configuration says {}", partition.device,
                             *found == Found::one ? type : "several file systems' marks",
                             partition.filesystem));
}

// Whether e2fsck has something to do that mounting does not do by itself. A journal is replayed by
// the kernel, in milliseconds, so a node's death alone is no reason for a check; an error that the
// kernel has met in the file system is one, and so is an unclean end without a journal. xfs and
// btrfs replay and check on mounting and have no such program.
Result<bool> needs_repair(const Fd& device) {
  // The superblock's fields (Documentation/filesystems/ext4/super.rst).
  constexpr off_t kSuperblock = 1024;
  constexpr size_t kState = 0x3a;
  constexpr size_t kCompatible = 0x5c;
  constexpr unsigned kClean = 0x1;
  constexpr unsigned kHasErrors = 0x2;
  constexpr unsigned kHasJournal = 0x4;
  std::array<uint8_t, 128> superblock{};
  if (::pread(device.get(), superblock.data(), superblock.size(), kSuperblock) !=
      static_cast<ssize_t>(superblock.size()))
    return errno_failure("read the superblock");
  const unsigned state = superblock[kState];
  const bool journal = (superblock[kCompatible] & kHasJournal) != 0;
  return (state & kHasErrors) != 0 || (!journal && (state & kClean) == 0);
}

// The repairs that need no decision by a person (e2fsck(8), -p).
Result<void> repair(const std::string& device, Deadline deadline) {
  constexpr int kNotCorrected = 4;  // this and all above it: something is still wrong
  const auto end = run_program({"/sbin/e2fsck", "-p", device}, deadline);
  if (!end) return failure(end.error());
  if (end->code < kNotCorrected) return {};
  return failure(fmt::format(
      "{0} is damaged in a way that takes a person's decisions; say on this server: e2fsck {0} "
      "(e2fsck -p ended with {1})",
      device, end->code));
}

}  // namespace

Result<void> check_filesystem(const core::Partition& partition, Deadline deadline) {
  Fd device(::open(partition.device.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  if (!device && errno == EBUSY)
    return failure(fmt::format("{} is in use on this machine: mounted in a container, or part of "
                               "a RAID, a volume group or another device",
                               partition.device),
                   EBUSY);
  if (!device) return errno_failure("open " + partition.device);
  // Pages of the device outlive its users for as long as anybody has it open, and they may be from
  // before another node's last write.
  if (::ioctl(device.get(), BLKFLSBUF) != 0)
    return errno_failure("forget what is cached of " + partition.device);
  if (auto fits = check_type(device, partition); !fits) return fits;
  if (!partition.filesystem.starts_with("ext")) return {};
  const auto wanted = needs_repair(device);
  if (!wanted) return failure(wanted.error().during(partition.device));
  device.reset();  // e2fsck wants it for itself
  if (*wanted) return repair(partition.device, deadline);
  return {};
}

}  // namespace tasuki::resource
