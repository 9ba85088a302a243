#include "cluster/lab/cgroup.hpp"

#include <chrono>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;

// Freezing takes well under a millisecond unless a process waits inside the kernel.
constexpr auto kFreezeLimit = 500ms;
// A cgroup stays busy for an instant after its last process was reaped.
constexpr auto kRemoveLimit = 2s;

bool is_frozen(const std::string& cgroup) {
  const auto events = read_file(cgroup + "/cgroup.events");
  return events && events->contains("frozen 1");
}

std::vector<std::string> folders_deepest_first(const std::string& cgroup) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(cgroup, error)) {
    if (!entry.is_directory(error)) continue;
    auto below = folders_deepest_first(entry.path().string());
    folders.insert(folders.end(), below.begin(), below.end());
  }
  folders.push_back(cgroup);
  return folders;
}

}  // namespace

Result<void> set_frozen(const std::string& cgroup, bool frozen) {
  if (auto done = write_file(cgroup + "/cgroup.freeze", frozen ? "1" : "0"); !done) return done;
  const auto deadline = std::chrono::steady_clock::now() + kFreezeLimit;
  while (is_frozen(cgroup) != frozen) {
    if (std::chrono::steady_clock::now() > deadline)
      return failure("a process is waiting in the kernel and does not stop");
    std::this_thread::sleep_for(1ms);
  }
  return {};
}

std::vector<pid_t> processes_below(const std::string& cgroup) {
  std::vector<pid_t> pids;
  for (const auto& folder : folders_deepest_first(cgroup)) {
    const auto list = read_file(folder + "/cgroup.procs");
    if (!list) continue;
    for (const auto line : split(*list, '\n'))
      if (!line.empty()) pids.push_back(std::stoi(std::string(line)));
  }
  return pids;
}

Result<void> remove_cgroup(const std::string& cgroup) {
  const auto deadline = std::chrono::steady_clock::now() + kRemoveLimit;
  for (const auto& folder : folders_deepest_first(cgroup))
    while (::rmdir(folder.c_str()) != 0 && errno != ENOENT) {
      if (errno != EBUSY || std::chrono::steady_clock::now() > deadline) {
        auto failed = errno_failure("remove cgroup " + folder);
        for (const pid_t pid : processes_below(folder))
          failed.error().what += fmt::format("; process {} is in it: {}", pid,
                                             read_file(fmt::format("/proc/{}/status", pid))
                                                 .value_or("it has ended")
                                                 .substr(0, 60));
        return failed;
      }
      std::this_thread::sleep_for(1ms);
    }
  return {};
}

}  // namespace tasuki::lab
