#include "cluster/lab/files.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

namespace fs = std::filesystem;

Result<void> mount_at(const char* source, const std::string& target, const char* type,
                      unsigned long flags, const std::string& options = {}) {
  if (::mount(source, target.c_str(), type, flags, options.c_str()) != 0)
    return errno_failure(fmt::format("mount {} at {}", type != nullptr ? type : source, target));
  return {};
}

Result<void> make_and_mount(const char* type, const std::string& target, unsigned long flags,
                            const std::string& options = {}) {
  if (auto made = make_folders(target); !made) return made;
  return mount_at(type, target, type, flags, options);
}

// A folder onto a folder, or a socket onto an empty file made for it.
Result<void> bind_mount(const std::string& from, const std::string& to) {
  std::error_code error;
  if (fs::is_directory(from, error)) {
    if (auto made = make_folders(to); !made) return made;
  } else {
    if (auto made = make_folders(fs::path(to).parent_path().string()); !made) return made;
    const Fd file(::open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return errno_failure("make " + to);
  }
  return mount_at(from.c_str(), to, nullptr, MS_BIND);
}

Result<void> bind_read_only(const std::string& path) {
  if (auto bound = mount_at(path.c_str(), path, nullptr, MS_BIND); !bound) return bound;
  return mount_at(path.c_str(), path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY);
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// The mounts that make up the machine's files, parents before children: not those a node has of its
// own, nor single files.
Result<std::vector<std::string>> machine_mounts(const std::string& lab_changes) {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text) return failure(text.error());
  std::vector<std::string> mounts;
  for (const auto line : split(*text, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < 5) continue;
    const std::string path(fields[4]);
    const bool own = std::ranges::any_of(
        std::vector<std::string>{"/dev", "/proc", "/sys", "/run", "/tmp", lab_changes},
        [&](const std::string& folder) { return lies_in(path, folder); });
    std::error_code error;
    if (!own && fs::is_directory(path, error)) mounts.push_back(path);
  }
  std::ranges::sort(mounts);
  // Of mounts over each other only the last is seen.
  const auto repeated = std::ranges::unique(mounts);
  mounts.erase(repeated.begin(), repeated.end());
  return mounts;
}

// overlayfs.rst: ':' and '\' in a layer's path are escaped, and ',' as mount options are.
std::string escaped(const std::string& path) {
  std::string result;
  for (const char c : path) {
    if (c == ':' || c == '\\' || c == ',') result += '\\';
    result += c;
  }
  return result;
}

// The machine's files below `path` at `target`, changes going to `changes`. A file system that
// cannot be a layer (FUSE, some network ones) is shown as it is, read-only.
Result<void> overlay(const std::string& path, const std::string& target,
                     const std::string& changes) {
  const std::string upper = changes + "/upper";
  const std::string work = changes + "/work";
  for (const auto& folder : {upper, work})
    if (auto made = make_folders(folder); !made) return made;
  // The layer hides the folder's owner and mode unless it has the same.
  struct stat original{};
  if (::stat(path.c_str(), &original) != 0) return errno_failure("look at " + path);
  if (::chown(upper.c_str(), original.st_uid, original.st_gid) != 0 ||
      ::chmod(upper.c_str(), original.st_mode & 07777U) != 0)
    return errno_failure("prepare " + upper);
  const auto mounted = mount_at("overlay", target, "overlay", 0,
                                fmt::format("lowerdir={},upperdir={},workdir={}", escaped(path),
                                            escaped(upper), escaped(work)));
  if (mounted) return {};
  if (path == "/") return failure(mounted.error());
  if (auto bound = mount_at(path.c_str(), target, nullptr, MS_BIND); !bound) return bound;
  return mount_at(path.c_str(), target, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY);
}

Result<void> make_device(const std::string& path, mode_t kind_and_mode, dev_t number) {
  if (auto made = make_folders(fs::path(path).parent_path().string()); !made) return made;
  if (::mknod(path.c_str(), kind_and_mode, number) != 0 ||
      ::chmod(path.c_str(), kind_and_mode & 07777U) != 0)
    return errno_failure("make " + path);
  return {};
}

// Only what programs need everywhere, and the disks: no watchdog, no disk of the machine.
Result<void> build_dev(const std::string& dev, const std::vector<LoopDevice>& disks) {
  if (auto done = make_and_mount("tmpfs", dev, MS_NOSUID, "mode=755"); !done) return done;
  struct Character {
    const char* name;
    unsigned major;
    unsigned minor;
  };
  for (const auto& [name, major_number, minor_number] : {Character{"null", 1, 3},
                                                         {"zero", 1, 5},
                                                         {"full", 1, 7},
                                                         {"random", 1, 8},
                                                         {"urandom", 1, 9},
                                                         {"tty", 5, 0}})
    if (auto done = make_device(fmt::format("{}/{}", dev, name), S_IFCHR | 0666,
                                makedev(major_number, minor_number));
        !done)
      return done;
  for (const auto& disk : disks)
    if (auto done = make_device(dev + disk.device().substr(std::string("/dev").size()),
                                S_IFBLK | 0660, disk.device_number());
        !done)
      return done;
  for (const auto& [target, name] : {std::pair{"pts/ptmx", "ptmx"},
                                     {"/proc/self/fd", "fd"},
                                     {"/proc/self/fd/0", "stdin"},
                                     {"/proc/self/fd/1", "stdout"},
                                     {"/proc/self/fd/2", "stderr"}})
    if (::symlink(target, fmt::format("{}/{}", dev, name).c_str()) != 0)
      return errno_failure(fmt::format("make {}/{}", dev, name));
  if (auto done = make_and_mount("devpts", dev + "/pts", MS_NOSUID | MS_NOEXEC,
                                 "newinstance,ptmxmode=0666,mode=0620");
      !done)
    return done;
  return make_and_mount("tmpfs", dev + "/shm", MS_NOSUID | MS_NODEV, "mode=1777");
}

// Programs take a lock file for stale when no process has the number in it, as PostgreSQL does.
// Hosts that all count from one would often have one; of servers that have run for a while hardly
// ever two do.
Result<void> begin_process_numbers_anywhere(const std::string& proc) {
  std::uniform_int_distribution first(1'000, 30'000);
  std::random_device source;
  return write_file(proc + "/sys/kernel/ns_last_pid", std::to_string(first(source)));
}

// Kernel settings are the machine's, except those of the network, which are the host's own.
Result<void> build_proc(const std::string& proc) {
  if (auto done = make_and_mount("proc", proc, MS_NOSUID | MS_NODEV | MS_NOEXEC); !done)
    return done;
  const std::string trigger = proc + "/sysrq-trigger";
  if (fs::exists(trigger))
    if (auto masked = mount_at("/dev/null", trigger, nullptr, MS_BIND); !masked) return masked;
  if (auto done = begin_process_numbers_anywhere(proc); !done) return done;
  if (auto done = bind_read_only(proc + "/sys"); !done) return done;
  const std::string network = proc + "/sys/net";
  if (auto done = mount_at(network.c_str(), network, nullptr, MS_BIND); !done) return done;
  return mount_at(network.c_str(), network, nullptr, MS_REMOUNT | MS_BIND);
}

Result<void> build_sys(const std::string& sys) {
  if (auto done = make_and_mount("sysfs", sys, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC); !done)
    return done;
  return mount_at("cgroup2", sys + "/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

Result<void> move_into(const std::string& root) {
  if (::chdir(root.c_str()) != 0) return errno_failure("enter " + root);
  // pivot_root(2): with both the same folder the old root ends up over the new one, and goes.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return errno_failure("make " + root + " the root");
  if (::umount2(".", MNT_DETACH) != 0) return errno_failure("leave the machine's files");
  if (::chdir("/") != 0) return errno_failure("enter /");
  return {};
}

}  // namespace

Result<void> build_node_files(const NodeFiles& files, const std::vector<LoopDevice>& disks) {
  const std::string root = files.changes + "/root";
  if (auto made = make_folders(root); !made) return made;
  const auto mounts = machine_mounts(fs::path(files.changes).parent_path().string());
  if (!mounts) return failure(mounts.error());
  for (const auto& path : *mounts) {
    std::string name = path;
    std::ranges::replace(name, '/', '%');
    const std::string target = path == "/" ? root : root + path;
    if (auto done = overlay(path, target, files.changes + "/layer" + name); !done) return done;
  }
  if (auto done = build_dev(root + "/dev", disks); !done) return done;
  if (auto done = build_proc(root + "/proc"); !done) return done;
  if (auto done = build_sys(root + "/sys"); !done) return done;
  if (auto done = make_and_mount("tmpfs", root + "/run", MS_NOSUID | MS_NODEV, "mode=755"); !done)
    return done;
  if (auto done = make_and_mount("tmpfs", root + "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"); !done)
    return done;
  const bool hidden = files.shown.starts_with("/tmp/") || files.shown.starts_with("/run/");
  if (hidden) {
    if (auto done = bind_mount(files.shown, root + files.shown); !done) return done;
    if (auto done = bind_read_only(root + files.shown); !done) return done;
  }
  for (const auto& [from, to] : files.binds)
    if (auto done = bind_mount(from, root + to); !done) return done;
  return move_into(root);
}

Result<void> refresh_proc_and_sys() {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // The machine's cgroup tree lies below /sys and would be hidden; the client needs none.
  if (auto done = mount_at("proc", "/proc", "proc", kFlags); !done) return done;
  return mount_at("sysfs", "/sys", "sysfs", kFlags | MS_RDONLY);
}

}  // namespace tasuki::lab
