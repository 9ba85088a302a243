#include "cluster/lab/sweep.hpp"

#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/cgroup.hpp"
#include "cluster/lab/disk.hpp"
#include "cluster/lab/places.hpp"
#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {

namespace fs = std::filesystem;

Result<void> sweep_lab(const std::string& folder) {
  const Places places{.folder = folder, .programs = {}, .cgroup = {}, .given = {}};
  const auto text = read_file(places.record());
  if (!text) return {};
  const Json record = Json::parse(*text, nullptr, false);
  if (!record.is_object()) return failure(places.record() + " is damaged; remove it");
  // First what waits for the last processes to end: with them go the mounts of the disks.
  const auto removed = remove_cgroup(record.value("cgroup", ""));
  detach_loops(places.disks());
  if (!removed) return removed;
  ::unlink(record.value("registry", "").c_str());
  ::unlink(places.control_socket().c_str());
  ::unlink(places.power_socket().c_str());
  std::error_code error;
  for (const auto& node : fs::directory_iterator(folder + "/nodes", error))
    ::unlink(places.watchdog_socket(node.path().filename().string()).c_str());
  ::rmdir(places.changes().c_str());
  ::unlink(places.record().c_str());
  return {};
}

std::vector<std::string> find_leftovers(const std::string& folder) {
  const Places places{.folder = folder, .programs = {}, .cgroup = {}, .given = {}};
  std::vector<std::string> found;
  for (const unsigned loop : find_loops(places.disks()))
    found.push_back(fmt::format("loop device loop{}", loop));
  const auto mounts = read_file("/proc/self/mountinfo");
  if (mounts && mounts->contains(" " + folder + "/")) found.push_back("a mount below " + folder);
  if (fs::exists(places.record())) found.push_back("its cgroup, see " + places.record());
  return found;
}

}  // namespace tasuki::lab
