#include "cluster/arm/surroundings.hpp"

#include <filesystem>
#include <pwd.h>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/batch/paths.hpp"
#include "cluster/batchrun/files.hpp"
#include "kit/default_path.hpp"
#include "kit/text.hpp"

namespace tasuki::arm {
namespace {

namespace fs = std::filesystem;

bool can_run(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

// As a shell looks for it.
std::optional<std::string> find_exactly(const std::string& name,
                                        const std::vector<std::string>& folders) {
  for (const std::string& folder : folders)
    if (std::string path = (fs::path(folder) / name).lexically_normal(); can_run(path)) return path;
  return std::nullopt;
}

}  // namespace

std::string Surroundings::group() const {
  const auto found = environment.find("CLP_GROUPNAME");
  return found == environment.end() ? "" : found->second;
}

Surroundings process_surroundings() {
  Surroundings here;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view setting(*entry);
    const size_t equals = setting.find('=');
    if (equals != std::string_view::npos)
      here.environment[std::string(setting.substr(0, equals))] = setting.substr(equals + 1);
  }
  std::error_code error;
  if (const auto folder = fs::current_path(error); !error) here.working_directory = folder;
  const auto beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "tasuki";
  here.tasuki = can_run(beside) ? beside.string() : find_program("tasuki", here).value_or("tasuki");
  if (const passwd* user = ::getpwuid(::getuid())) here.user = user->pw_name;
  here.say = [](const std::string& line) { fmt::print("{}\n", line); };
  here.complain = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  here.sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  return here;
}

std::optional<std::string> find_program(const std::string& name, const Surroundings& surroundings) {
  std::vector<std::string> folders;
  const auto path = surroundings.environment.find("PATH");
  const std::string all = path == surroundings.environment.end() ? kDefaultPath : path->second;
  for (const std::string_view folder : split(all, ':'))
    if (!folder.empty()) folders.emplace_back(folder);
  if (!name.contains('/')) {
    if (auto exact = find_exactly(name, folders)) return exact;
    return batch::find_program(name, folders, batchrun::list_folder);
  }
  const std::string whole = (fs::path(surroundings.working_directory) / name).lexically_normal();
  if (can_run(whole)) return whole;
  return batch::find_program(whole, folders, batchrun::list_folder);
}

}  // namespace tasuki::arm
