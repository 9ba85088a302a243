#include "cluster/resource/partition/attach.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/resource/partition/filesystem.hpp"
#include "cluster/resource/partition/mount_options.hpp"
#include "kit/block_device.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::resource {
namespace {

constexpr milliseconds kBusyMoment{300};
constexpr milliseconds kBusyPause{2};

Result<void> check_not_mounted(const BlockDevice& device, const core::Partition& partition) {
  const auto table = read_mount_table();
  if (!table) return failure(table.error());
  for (const auto& mount : *table) {
    if (device.carries(mount))
      return failure(fmt::format("{} is mounted on {} already, but not by Tasuki; unmount it there",
                                 device.path, mount.mount_point),
                     EBUSY);
    if (mount.mount_point == partition.mount_point)
      return failure(fmt::format("{} is already mounted on {}, where {} belongs; unmount it",
                                 mount.source, mount.mount_point, device.path),
                     EBUSY);
  }
  return {};
}

// What the file system itself says about a refusal: lines such as "e ext4: Unknown parameter".
std::string read_complaints(const Fd& context) {
  std::vector<std::string> lines;
  char line[1024];
  for (ssize_t got = 0; (got = ::read(context.get(), line, sizeof line)) > 0;) {
    const auto text = trim(std::string_view(line, static_cast<size_t>(got)));
    lines.emplace_back(text.substr(std::min<size_t>(text.size(), 2)));
  }
  return join(lines, "; ");
}

std::string explain(int code) {
  switch (code) {
    case EUCLEAN:
    case EBADMSG:
      return "the file system is damaged; check it with its fsck";
    case EIO:
      return "the device reports read errors";
    case EBUSY:
      return "somebody on this machine has the device";
    case EROFS:
    case EACCES:
      return "the device cannot be written; only the option ro would mount it";
    case EINVAL:
      return "the kernel refuses the options, or the superblock is damaged; dmesg says which";
    case ENODEV:
      return "the kernel does not know this file system";
    default:
      return errno_failure("mount", code).error().what;
  }
}

std::unexpected<Error> mount_failure(const core::Partition& partition, const Fd& context,
                                     int code = errno) {
  std::string what = explain(code);
  if (const auto complaints = context ? read_complaints(context) : ""; !complaints.empty())
    what += fmt::format(" ({})", complaints);
  return failure(fmt::format("mount {} on {}: {}", partition.device, partition.mount_point, what),
                 code);
}

Result<Fd> make_mount(const core::Partition& partition) {
  const auto options = parse_mount_options(partition.options);
  const Fd context(::fsopen(partition.filesystem.c_str(), FSOPEN_CLOEXEC));
  if (!context) return mount_failure(partition, context);
  if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", partition.device.c_str(), 0) != 0)
    return mount_failure(partition, context);
  for (const auto& [key, value] : options.parameters) {
    const auto kind = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
    if (::fsconfig(context.get(), kind, key.c_str(), value ? value->c_str() : nullptr, 0) != 0)
      return mount_failure(partition, context);
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return mount_failure(partition, context);
  Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(options.attributes)));
  if (!mount) return mount_failure(partition, context);
  return mount;
}

// A child that another thread starts has copies of this process's descriptors until it runs its
// program: for a moment a device that was just closed still looks as if somebody had it.
template <class Attempt>
auto unless_busy_for_long(Deadline deadline, Attempt attempt) {
  const Deadline end = std::min(deadline, after(kBusyMoment));
  for (;;) {
    auto result = attempt();
    if (result || result.error().code != EBUSY || std::chrono::steady_clock::now() >= end)
      return result;
    std::this_thread::sleep_for(kBusyPause);
  }
}

}  // namespace

Result<void> attach(const core::Partition& partition, Deadline deadline,
                    const std::atomic<bool>& wanted) {
  const auto device = BlockDevice::find(partition.device);
  if (!device) return failure(device.error());
  if (auto free = check_not_mounted(*device, partition); !free) return free;
  const auto check = [&] { return check_filesystem(partition, deadline); };
  if (auto sound = unless_busy_for_long(deadline, check); !sound) return sound;
  if (auto made = make_folders(partition.mount_point); !made) return made;
  const Error unwanted{"nobody waits for it any more", ECANCELED};
  if (!wanted) return failure(unwanted);  // from here on the journal may be written to
  const auto mount = unless_busy_for_long(deadline, [&] { return make_mount(partition); });
  if (!mount) return failure(mount.error());
  if (auto readable = read_folder(mount->get()); !readable)
    return failure(readable.error().during("read " + partition.device));
  if (!wanted) return failure(unwanted);
  if (::move_mount(mount->get(), "", AT_FDCWD, partition.mount_point.c_str(),
                   MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return mount_failure(partition, Fd());
  return {};
}

Result<void> read_folder(int folder) {
  Fd opened(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return errno_failure("open the root folder");
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> entries(::fdopendir(opened.get()));
  if (!entries) return errno_failure("open the root folder");
  std::ignore = opened.release();  // the stream closes it
  errno = 0;
  if (::readdir(entries.get()) == nullptr && errno != 0)
    return errno_failure("read the root folder");
  return {};
}

}  // namespace tasuki::resource
