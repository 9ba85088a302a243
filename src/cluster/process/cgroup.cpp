#include "cluster/process/cgroup.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "kit/file.hpp"
#include "kit/mount_table.hpp"
#include "kit/text.hpp"

namespace tasuki::process {
namespace {

// "/a" + "/" is "/a", "/a" + "/b" is "/a/b".
std::string append_path(std::string folder, std::string_view below) {
  if (below.size() > 1) folder += below;
  return folder;
}

}  // namespace

Result<CgroupPlace> parse_cgroup_place(std::string_view mountinfo, std::string_view own_cgroup) {
  const auto mounts = parse_mount_table(mountinfo);
  const auto mount = std::ranges::find(mounts, "cgroup2", &Mount::filesystem);
  if (mount == mounts.end())
    return failure(
        "cgroup v2 is not mounted on this machine, and the keeper cannot watch over processes "
        "without it: mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with "
        "systemd.unified_cgroup_hierarchy=1");

  constexpr std::string_view kUnified = "0::";
  for (std::string_view line : split(own_cgroup, '\n')) {
    if (!line.starts_with(kUnified)) continue;
    line.remove_prefix(kUnified.size());
    // The mount may show only a part of the hierarchy, as in a container.
    if (mount->root != "/" && line.starts_with(mount->root)) line.remove_prefix(mount->root.size());
    return CgroupPlace{mount->mount_point, append_path(mount->mount_point, line)};
  }
  return failure("/proc/self/cgroup names no cgroup of version 2, though one is mounted on " +
                 mount->mount_point);
}

Result<CgroupPlace> find_cgroup_place() {
  const auto mountinfo = read_file("/proc/self/mountinfo");
  if (!mountinfo) return failure(mountinfo.error());
  const auto own = read_file("/proc/self/cgroup");
  if (!own) return failure(own.error());
  return parse_cgroup_place(*mountinfo, *own);
}

Result<Fd> open_cgroup(const std::string& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + folder);
  return fd;
}

Result<void> kill_cgroup(const std::string& folder) {
  return write_file(folder + "/cgroup.kill", "1");
}

Result<CgroupWatch> CgroupWatch::open(const std::string& folder) {
  const std::string path = folder + "/cgroup.events";
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_failure("open " + path);
  return CgroupWatch(std::move(fd));
}

Result<bool> CgroupWatch::populated() const {
  char buffer[128];
  const ssize_t got = ::pread(events_.get(), buffer, sizeof buffer, 0);
  if (got < 0) return errno_failure("read cgroup.events");
  const std::string_view text(buffer, static_cast<size_t>(got));
  return text.find("populated 1") != std::string_view::npos;
}

Result<void> remove_cgroup_tree(const std::string& folder) {
  // A cgroup's files vanish with it and cannot be removed, so only folders are visited.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!entry.is_directory(ignored)) continue;
    if (auto removed = remove_cgroup_tree(entry.path()); !removed) return removed;
  }
  if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) return errno_failure("remove " + folder);
  return {};
}

}  // namespace tasuki::process
