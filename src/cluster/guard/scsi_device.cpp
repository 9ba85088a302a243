#include "cluster/guard/scsi_device.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

namespace fs = std::filesystem;

// multipath-tools' "mpath-3600...", and kpartx's "part1-mpath-3600..." of a partition on it.
constexpr std::string_view kMultipath = "mpath-";
constexpr std::string_view kPartition = "part";

std::vector<std::string> slaves_of(const fs::path& block) {
  std::vector<std::string> slaves;
  std::error_code error;
  for (fs::directory_iterator entry(block / "slaves", error), end; !error && entry != end;
       entry.increment(error))
    slaves.push_back(entry->path().filename());
  std::ranges::sort(slaves);
  return slaves;
}

std::string device_mapper_uuid(const fs::path& block) {
  const auto uuid = read_file(block / "dm/uuid");
  return uuid ? std::string(trim(*uuid)) : "";
}

DiskPaths with_paths(const std::string& disk, const std::vector<std::string>& paths) {
  DiskPaths found{"/dev/" + disk, {}};
  for (const std::string& path : paths) found.paths.push_back("/dev/" + path);
  return found;
}

}  // namespace

Result<DiskPaths> paths_of(const std::string& device, const std::string& sysfs) {
  std::error_code error;
  const fs::path node = fs::canonical(device, error);
  if (error) return failure(fmt::format("there is no device {}", device), error.value());
  const fs::path blocks = fs::path(sysfs) / "class/block";
  fs::path block = fs::canonical(blocks / node.filename(), error);
  if (error) return failure(fmt::format("{} is not a block device", device), error.value());

  // A partition's folder lies in its disk's.
  if (fs::exists(block / "partition", error)) block = block.parent_path();
  std::vector<std::string> slaves = slaves_of(block);
  std::string uuid = device_mapper_uuid(block);
  if (uuid.starts_with(kPartition) && uuid.find(kMultipath) != std::string::npos &&
      slaves.size() == 1) {
    block = blocks / slaves.front();
    slaves = slaves_of(block);
    uuid = device_mapper_uuid(block);
  }
  const std::string disk = block.filename();
  if (uuid.starts_with(kMultipath)) {
    if (slaves.empty()) return failure(fmt::format("{} has no paths at all", device));
    return with_paths(disk, slaves);
  }
  if (!slaves.empty() || !uuid.empty())
    return failure(
        fmt::format("{} is put together from {}; reservations guard a disk, a partition "
                    "or a multipath device, so name one of these",
                    device, slaves.empty() ? "nothing" : join(slaves, ", ")));
  return with_paths(disk, {disk});
}

}  // namespace tasuki::guard
