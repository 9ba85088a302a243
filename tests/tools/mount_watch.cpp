// mount_watch FOLDER: looks from outside, all the time, whether two nodes of the lab in FOLDER have
// one disk mounted at once, by the kernel's view of each node. Says so once for each disk on
// standard output; what it sees mounted where, on standard error. Ends with the lab.
//
// Of two looks one after the other: what a node had mounted in both it had mounted from the end of
// the first to the beginning of the second. Two nodes of which that is true had the disk together.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <sys/sysmacros.h>
#include <thread>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/mount_table.hpp"

namespace {

namespace fs = std::filesystem;

constexpr unsigned kLoopDevices = 7;  // their major number (Documentation/admin-guide/devices.txt)
constexpr std::chrono::milliseconds kPause{10};

// Disk to node to the mount's number there.
using Look = std::map<std::string, std::map<std::string, uint64_t>>;

// A process of the node: all that it has see the same mounts.
pid_t any_process(const fs::path& cgroup) {
  std::error_code ignored;
  pid_t pid = 0;
  if (std::ifstream(cgroup / "cgroup.procs") >> pid) return pid;
  for (const auto& entry : fs::directory_iterator(cgroup, ignored))
    if (entry.is_directory(ignored))
      if (const pid_t below = any_process(entry.path()); below != 0) return below;
  return 0;
}

// The file behind a loop device; empty for another device, or a file system of several, whose
// number is not a device's.
std::string disk_of(dev_t device) {
  if (major(device) != kLoopDevices) return "";
  const auto file =
      tasuki::read_file(fmt::format("/sys/dev/block/7:{}/loop/backing_file", minor(device)));
  return file ? file->substr(0, file->find('\n')) : "";
}

Look look(const fs::path& lab_cgroup) {
  Look found;
  std::error_code ignored;
  for (const auto& node : fs::directory_iterator(lab_cgroup, ignored)) {
    if (!node.is_directory(ignored)) continue;
    const pid_t process = any_process(node.path());
    const auto mounts = process != 0 ? tasuki::read_mount_table(process)
                                     : tasuki::Result<std::vector<tasuki::Mount>>();
    if (!mounts) continue;
    for (const tasuki::Mount& mount : *mounts)
      if (const std::string disk = disk_of(mount.device); !disk.empty())
        found[disk][node.path().filename()] = mount.id;
  }
  return found;
}

std::set<std::string> nodes_that_had(const std::map<std::string, uint64_t>& before,
                                     const std::map<std::string, uint64_t>& after) {
  std::set<std::string> nodes;
  for (const auto& [node, mount] : before)
    if (const auto later = after.find(node); later != after.end() && later->second == mount)
      nodes.insert(node);
  return nodes;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: mount_watch FOLDER\n");
    return 2;
  }
  const auto record = tasuki::read_file(fs::path(arguments[1]) / "lab.json");
  if (!record) {
    fmt::print(stderr, "mount_watch: {}\n", record.error().what);
    return 1;
  }
  const fs::path cgroup = tasuki::Json::parse(*record).at("cgroup").get<std::string>();
  std::set<std::string> seen;
  std::set<std::string> told;
  for (Look before; fs::exists(cgroup); std::this_thread::sleep_for(kPause)) {
    Look now = look(cgroup);
    for (const auto& [disk, mounts] : now) {
      for (const auto& [node, mount] : mounts)
        if (const auto line = fmt::format("{} on {}\n", disk, node); seen.insert(line).second)
          fmt::print(stderr, "{}", line);
      const auto nodes = nodes_that_had(before[disk], mounts);
      if (nodes.size() < 2 || !told.insert(disk).second) continue;
      fmt::print("{} is mounted at once on: {}\n", disk, fmt::join(nodes, ", "));
      std::fflush(stdout);
    }
    before = std::move(now);
  }
}
