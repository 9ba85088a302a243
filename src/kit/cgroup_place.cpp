#include "kit/cgroup_place.hpp"

#include <algorithm>

#include "kit/file.hpp"
#include "kit/mount_table.hpp"
#include "kit/text.hpp"

namespace tasuki {
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
        "cgroup v2 is not mounted on this machine, and nothing can watch over processes "
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

}  // namespace tasuki
