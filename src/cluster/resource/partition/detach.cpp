#include "cluster/resource/partition/detach.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <ranges>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/resource/partition/users.hpp"
#include "kit/block_device.hpp"
#include "kit/fd.hpp"
#include "kit/log.hpp"

namespace tasuki::resource {
namespace {

// How long whoever keeps it busy may take to end by itself. Short: the group's own processes have
// been stopped in order before, so these are strangers, such as a forgotten shell, and a shell does
// not end at SIGTERM at all.
constexpr milliseconds kTimeToEnd{500};
// Between two tries: what an ending process had open is closed by the kernel in its own time. Twice
// as long each time, so that waiting for what does not end costs nobody the processor.
constexpr milliseconds kFirstPause{2};
constexpr milliseconds kLongestPause{100};

// umount2() in the mount namespace of that process; 0 or errno. A thread cannot change its
// namespace while it shares its folders with others, so a child does it, and ends.
int unmount_for(pid_t process, const std::string& mount_point) {
  const Fd there(::open(fmt::format("/proc/{}/ns/mnt", process).c_str(), O_RDONLY | O_CLOEXEC));
  if (!there) return errno;
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    const bool done = ::setns(there.get(), CLONE_NEWNS) == 0 &&
                      ::umount2(mount_point.c_str(), UMOUNT_NOFOLLOW) == 0;
    ::_exit(done ? 0 : errno);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

std::string refusal(const std::string& mount_point, int code) {
  return errno_failure("unmount " + mount_point, code).error().what;
}

// What files of the mount look like. The number of the folder that lies there is taken only when
// that is this mount's: after somebody else unmounted it, it would be the number of the file system
// below, whose users are no concern of ours.
void add_marks(const Mount& mount, FilesystemMarks& marks) {
  marks.mounts.insert(mount.id);
  marks.devices.insert(mount.device);
  struct statx root{};
  if (::statx(AT_FDCWD, mount.mount_point.c_str(), AT_NO_AUTOMOUNT, STATX_MNT_ID, &root) == 0 &&
      root.stx_mnt_id == mount.id)
    marks.devices.insert(makedev(root.stx_dev_major, root.stx_dev_minor));
}

// One round: unmounts what lets itself be unmounted and looks whether that was all. No sync comes
// before: the unmount writes everything out itself, and a second flush of the disk is time in which
// nobody serves. Notes the marks of what it meets. Nothing when this node has let go, else what
// stands against it.
std::optional<std::string> try_to_release(const BlockDevice& device, FilesystemMarks& marks) {
  const auto table = read_mount_table();
  if (!table) return table.error().what;
  std::optional<std::string> problem;
  // The last first: it may cover or lie within an earlier one.
  for (const auto& mount : mounts_of(device, *table) | std::views::reverse) {
    add_marks(mount, marks);
    if (::umount2(mount.mount_point.c_str(), UMOUNT_NOFOLLOW) != 0)
      problem = refusal(mount.mount_point, errno);
  }
  if (problem) return problem;

  for (const auto& [process, mounts] : read_foreign_mount_tables())
    for (const auto& mount : mounts_of(device, mounts) | std::views::reverse) {
      marks.mounts.insert(mount.id);
      // Unmounting a root would make it read-only; it goes with its processes.
      const int code = mount.mount_point == "/" ? EBUSY : unmount_for(process, mount.mount_point);
      if (code != 0)
        problem = fmt::format("{} in the mount namespace of process {}",
                              refusal(mount.mount_point, code), process);
    }
  if (problem) return problem;

  if (auto free = device.check_free(); !free) return free.error().what;
  return std::nullopt;
}

// Force is only for what Tasuki mounted. A device that is mounted in another place, perhaps because
// the configuration names the wrong one, is left alone with all its users.
Result<void> check_ours(const BlockDevice& device, const core::Partition& partition) {
  const auto table = read_mount_table();
  if (!table) return failure(table.error());
  const auto mounts = mounts_of(device, *table);
  if (mounts.empty() ||
      std::ranges::find(mounts, partition.mount_point, &Mount::mount_point) != mounts.end())
    return {};
  return failure(fmt::format("{} is mounted on {}, but not by Tasuki; unmount it there",
                             device.path, mounts.front().mount_point),
                 EBUSY);
}

}  // namespace

Result<void> detach(const core::Partition& partition, Deadline deadline) {
  const auto found = BlockDevice::find(partition.device);
  const BlockDevice device = found ? *found : BlockDevice{partition.device, 0};
  if (auto ours = check_ours(device, partition); !ours) return ours;
  FilesystemMarks marks;
  if (device.number != 0) marks.devices.insert(device.number);
  auto problem = try_to_release(device, marks);
  auto pause = kFirstPause;
  for (int signal = SIGTERM; problem; signal = SIGKILL) {
    const auto users = find_users(marks);
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holders =
          users.empty() ? "no process is seen that uses it, perhaps a mount, a loop device or swap"
                        : "in use by " + describe(users);
      return failure(fmt::format("{}; {}", *problem, holders), EBUSY);
    }
    if (!users.empty())
      log::notice("{} is kept busy by {}: sending {}", partition.mount_point, describe(users),
                  signal == SIGTERM ? "SIGTERM" : "SIGKILL");
    end_users(users, signal, std::min(deadline, after(kTimeToEnd)));
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
    problem = try_to_release(device, marks);
  }
  return {};
}

}  // namespace tasuki::resource
