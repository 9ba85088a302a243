#include "cluster/resource/partition/detach.hpp"

#include <csignal>
#include <fcntl.h>
#include <optional>
#include <ranges>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/resource/partition/mount_table.hpp"
#include "cluster/resource/partition/users.hpp"
#include "kit/fd.hpp"
#include "kit/log.hpp"

namespace tasuki::resource {
namespace {

// How long whoever keeps it busy may take to end by itself. Short: the group's own processes have
// been stopped in order before, so these are strangers, such as a forgotten shell, and a shell does
// not end at SIGTERM at all.
constexpr milliseconds kTimeToEnd{500};
// Between two tries when nobody is seen who could be waited for: what an ending process had open is
// closed by the kernel in its own time.
constexpr milliseconds kRetryPause{5};

// Writes out what is cached while the file system still works, so that the unmount is short.
void write_out(const std::string& mount_point) {
  const Fd folder(::open(mount_point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder && ::syncfs(folder.get()) != 0)
    log::warning("{}: what was cached cannot be written: {}", mount_point,
                 errno_failure("sync").error().what);
}

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

// One round: unmounts what lets itself be unmounted and looks whether that was all. Notes the marks
// of what it meets. Nothing when this node has let go, else what stands against it.
std::optional<std::string> try_to_release(const BlockDevice& device, FilesystemMarks& marks) {
  const auto table = read_mount_table();
  if (!table) return table.error().what;
  std::optional<std::string> problem;
  // The last first: it may cover or lie within an earlier one.
  for (const auto& mount : mounts_of(device, *table) | std::views::reverse) {
    marks.mounts.insert(mount.id);
    marks.devices.insert(mount.device);
    if (struct stat root{}; ::stat(mount.mount_point.c_str(), &root) == 0)
      marks.devices.insert(root.st_dev);
    if (::umount2(mount.mount_point.c_str(), UMOUNT_NOFOLLOW) != 0)
      problem = refusal(mount.mount_point, errno);
  }
  if (problem) return problem;

  for (const auto& [process, mounts] : read_foreign_mount_tables())
    for (const auto& mount : mounts_of(device, mounts) | std::views::reverse) {
      marks.mounts.insert(mount.id);
      if (const int code = unmount_for(process, mount.mount_point); code != 0)
        problem = fmt::format("{} in the mount namespace of process {}",
                              refusal(mount.mount_point, code), process);
    }
  if (problem) return problem;

  Fd proof(::open(device.path.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
  if (!proof && (errno == EROFS || errno == EACCES))  // a device that cannot be written anyway
    proof = Fd(::open(device.path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  // A device that is gone cannot be written through this node either.
  if (proof || errno == ENOENT || errno == ENXIO || errno == ENODEV || errno == ENOMEDIUM)
    return std::nullopt;
  return errno_failure("open " + device.path + " exclusively").error().what;
}

}  // namespace

Result<void> detach(const core::Partition& partition, Deadline deadline) {
  const auto found = BlockDevice::find(partition.device);
  const BlockDevice device = found ? *found : BlockDevice{partition.device, 0};
  FilesystemMarks marks;
  if (device.number != 0) marks.devices.insert(device.number);
  if (const auto table = read_mount_table())
    for (const auto& mount : mounts_of(device, *table)) write_out(mount.mount_point);

  auto problem = try_to_release(device, marks);
  for (int signal = SIGTERM; problem; signal = SIGKILL) {
    const auto users = find_users(marks);
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holders =
          users.empty() ? "no process is seen that uses it" : "in use by " + describe(users);
      return failure(fmt::format("{}; {}", *problem, holders), EBUSY);
    }
    if (!users.empty())
      log::notice("{} is kept busy by {}: sending {}", partition.mount_point, describe(users),
                  signal == SIGTERM ? "SIGTERM" : "SIGKILL");
    end_users(users, signal, std::min(deadline, after(kTimeToEnd)));
    if (users.empty()) std::this_thread::sleep_for(kRetryPause);
    problem = try_to_release(device, marks);
  }
  return {};
}

}  // namespace tasuki::resource
