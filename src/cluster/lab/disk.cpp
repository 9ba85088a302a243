#include "cluster/lab/disk.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <linux/loop.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "cluster/lab/command.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/mount_table.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

constexpr unsigned kLoopMajor = 7;
// Another process may take a free number first; so many times in a row it does not.
constexpr int kAttachTries = 50;

// EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN, one number for both; the flag means "not even the log".
constexpr unsigned long kShutdown = _IOR('X', 125, uint32_t);
constexpr uint32_t kWithoutLog = 2;

// The device node exists only while it is opened, in a folder of the lab: no name is left behind.
Result<Fd> open_loop(unsigned number, const std::string& folder, int flags) {
  const std::string node = fmt::format("{}/.loop{}", folder, number);
  ::unlink(node.c_str());
  if (::mknod(node.c_str(), S_IFBLK | 0600, makedev(kLoopMajor, number)) != 0)
    return errno_failure("make a device node in " + folder);
  Fd fd(::open(node.c_str(), flags | O_CLOEXEC));
  const int problem = errno;
  ::unlink(node.c_str());
  if (!fd) return errno_failure(fmt::format("open loop{}", number), problem);
  return fd;
}

// 0, or errno: EBUSY when another process was quicker.
int configure(int loop, int image, const std::string& path, uint32_t flags) {
  loop_config config{};
  config.fd = static_cast<uint32_t>(image);
  config.info.lo_flags = flags;
  path.copy(reinterpret_cast<char*>(config.info.lo_file_name), LO_NAME_SIZE - 1);
  return ::ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : errno;
}

bool uses_direct_io(int loop) {
  loop_info64 info{};
  return ::ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && (info.lo_flags & LO_FLAGS_DIRECT_IO) != 0;
}

// loop(4): one that is in use detaches when its last user closes it.
void detach(unsigned number, const std::string& folder) {
  const auto loop = open_loop(number, folder, O_RDONLY);
  if (loop) ::ioctl(loop->get(), LOOP_CLR_FD);
}

}  // namespace

Result<bool> make_image(const Disk& disk, const std::string& folder, uint64_t bytes, OldDisk old) {
  const std::string path = folder + "/" + disk.image;
  if (old == OldDisk::keep && std::filesystem::exists(path)) return false;
  // Made beside and renamed, so that a half-made file system is never taken for a kept one.
  const std::string beside = path + ".new";
  {
    const Fd fd(::open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return errno_failure("make " + beside);
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0)
      return errno_failure("size " + beside);
    if (::pwrite(fd.get(), disk.content.data(), disk.content.size(), 0) !=
        static_cast<ssize_t>(disk.content.size()))
      return errno_failure("write " + beside);
  }
  if (!disk.filesystem.empty()) {
    const std::string force = disk.filesystem == "ext4" ? "-F" : "-f";
    auto made = run_command({"mkfs." + disk.filesystem, "-q", force, beside});
    if (!made) return failure(made.error().during("file system for " + disk.device));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return errno_failure("rename " + beside);
  return true;
}

LoopDevice::LoopDevice(LoopDevice&& other) noexcept
    : device_(std::move(other.device_)),
      folder_(std::exchange(other.folder_, {})),
      number_(other.number_),
      direct_(other.direct_) {}

LoopDevice& LoopDevice::operator=(LoopDevice&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(folder_, other.folder_);
  std::swap(number_, other.number_);
  std::swap(direct_, other.direct_);
  return *this;
}

LoopDevice::~LoopDevice() {
  if (!folder_.empty()) detach(number_, folder_);
}

dev_t LoopDevice::device_number() const {
  return makedev(kLoopMajor, number_);
}

bool LoopDevice::is_released() const {
  return open_loop(number_, folder_, O_RDONLY | O_EXCL).has_value();
}

Result<LoopDevice> attach_loop(const Disk& disk, const std::string& folder) {
  const std::string path = folder + "/" + disk.image;
  const Fd image(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!image) return errno_failure("open " + path);
  const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return errno_failure("open /dev/loop-control");

  for (int attempt = 0; attempt < kAttachTries; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return errno_failure("find a free loop device");
    auto loop = open_loop(static_cast<unsigned>(number), folder, O_RDWR);
    if (!loop) return failure(loop.error());
    int problem = configure(loop->get(), image.get(), path, LO_FLAGS_DIRECT_IO);
    if (problem == EINVAL) problem = configure(loop->get(), image.get(), path, 0);
    if (problem == EBUSY) continue;
    if (problem != 0) return errno_failure("attach " + path, problem);
    return LoopDevice(disk, folder, static_cast<unsigned>(number), uses_direct_io(loop->get()));
  }
  return failure("attach " + path + ": other programs keep taking the free loop devices");
}

// By device and inode: the name that /sys has loses its beginning with the mount namespace in which
// the file was opened, when the folder is not on the machine's root file system.
std::vector<unsigned> find_loops(const std::string& folder) {
  std::set<std::pair<uint64_t, uint64_t>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    struct stat file{};
    if (::stat(entry.path().c_str(), &file) == 0) files.emplace(file.st_dev, file.st_ino);
  }
  std::vector<unsigned> numbers;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/block", error)) {
    if (!std::filesystem::exists(entry.path() / "loop/backing_file", error)) continue;
    const std::string name = entry.path().filename().string();
    const auto number = static_cast<unsigned>(std::stoul(name.substr(std::string("loop").size())));
    const auto loop = open_loop(number, folder, O_RDONLY);
    loop_info64 info{};
    if (loop && ::ioctl(loop->get(), LOOP_GET_STATUS64, &info) == 0 &&
        files.contains({info.lo_device, info.lo_inode}))
      numbers.push_back(number);
  }
  return numbers;
}

void detach_loops(const std::string& folder) {
  for (const unsigned number : find_loops(folder)) detach(number, folder);
}

std::vector<Error> shut_down_file_systems(const std::vector<LoopDevice>& loops,
                                          const std::vector<pid_t>& processes) {
  std::set<dev_t> wanted;
  for (const auto& loop : loops) wanted.insert(loop.device_number());
  std::set<std::string> seen_namespaces;
  std::vector<Error> problems;
  for (const pid_t pid : processes) {
    if (wanted.empty()) break;
    std::error_code error;
    const auto link = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/mnt", pid), error);
    if (error || !seen_namespaces.insert(link.string()).second) continue;
    const auto mounts = read_mount_table(pid);
    if (!mounts) continue;
    for (const Mount& mount : *mounts) {
      if (wanted.erase(mount.device) == 0) continue;
      const std::string path = fmt::format("/proc/{}/root{}", pid, mount.mount_point);
      const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      uint32_t flags = kWithoutLog;
      if (!fd || ::ioctl(fd.get(), kShutdown, &flags) != 0)
        problems.push_back(
            errno_failure("stop the file system on " + mount.mount_point + " without flushing")
                .error());
    }
  }
  return problems;
}

}  // namespace tasuki::lab
