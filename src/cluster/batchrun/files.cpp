#include "cluster/batchrun/files.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <random>

#include <fmt/format.h>

#include "cluster/batch/words.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::batchrun {

namespace fs = std::filesystem;

Result<batch::ScriptPointer> read_script_file(const std::string& path) {
  const auto bytes = read_file(path, batch::kFileBytesMax);
  if (!bytes) return failure(bytes.error());
  auto script = batch::read_script(path, *bytes);
  if (!script) return failure(script.error());
  return std::make_shared<const batch::Script>(std::move(*script));
}

std::vector<std::string> list_folder(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code problem;
  for (auto i = fs::directory_iterator(folder, problem); !problem && i != fs::directory_iterator();
       i.increment(problem))
    names.push_back(i->path().filename());
  std::ranges::sort(names);
  return names;
}

batch::Moment now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto hundredths =
      std::chrono::floor<std::chrono::duration<int, std::centi>>(since_epoch - seconds);
  const std::time_t clock = seconds.count();
  std::tm local{};
  localtime_r(&clock, &local);
  constexpr int kLargestRandom = 32767;
  std::random_device random;
  return {fmt::format("{:04}/{:02}/{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday),
          fmt::format("{:2}:{:02}:{:02}.{:02}", local.tm_hour, local.tm_min, local.tm_sec,
                      hundredths.count()),
          std::to_string(std::uniform_int_distribution<int>(0, kLargestRandom)(random))};
}

batch::Drives parse_drives(const std::string& text) {
  batch::Drives drives;
  for (const std::string_view entry : split(text, ';'))
    if (entry.size() > 2 && entry[1] == '=')
      drives[batch::lower(entry.front())] = std::string(entry.substr(2));
  return drives;
}

Result<std::string> Files::place(const std::string& folder, const std::string& path) const {
  auto linux_path = batch::to_linux_path(batch::join_path(folder, path), drives_);
  if (!linux_path) return linux_path;
  if (auto found = batch::find_path(*linux_path, list_folder)) return std::move(*found);
  // A new file in a folder that is there in another case.
  const fs::path wanted(*linux_path);
  if (auto parent = batch::find_path(wanted.parent_path().string(), list_folder))
    return (fs::path(*parent) / wanted.filename()).string();
  return linux_path;
}

std::optional<std::string> Files::find(const std::string& folder, const std::string& path) const {
  const auto linux_path = batch::to_linux_path(batch::join_path(folder, path), drives_);
  return linux_path ? batch::find_path(*linux_path, list_folder) : std::nullopt;
}

bool Files::exists(const std::string& folder, const std::string& path) const {
  if (path.find_first_of("*?") == std::string::npos) return find(folder, path).has_value();
  return !match(folder, {path, false}).empty() || !match(folder, {path, true}).empty();
}

std::vector<std::string> Files::match(const std::string& folder,
                                      const batch::MatchFiles& wanted) const {
  const auto parts = batch::split_path(wanted.pattern);
  const std::string own_folder = parts.drive + parts.folder;
  const auto where = find(folder, own_folder.empty() ? "." : own_folder);
  std::vector<std::string> found;
  for (const auto& name : where ? list_folder(*where) : std::vector<std::string>{}) {
    std::error_code problem;
    const bool is_folder = fs::is_directory(*where + "/" + name, problem);
    if (is_folder == wanted.folders && batch::matches(parts.name + parts.extension, name))
      found.push_back(own_folder + name);
  }
  return found;
}

batch::Content Files::content(const std::string& folder, const std::string& path) const {
  const auto file = find(folder, path);
  auto text = file ? read_file(*file, batch::kFileBytesMax) : failure("no such file");
  return {text ? std::optional(std::move(*text)) : std::nullopt};
}

std::vector<std::string> Files::path_folders(const std::string& path) const {
  std::vector<std::string> folders;
  for (const std::string_view part : split(path, ';')) {
    if (batch::has_drive(part)) {
      if (auto folder = find("/", std::string(part))) folders.push_back(std::move(*folder));
      continue;
    }
    for (const std::string_view folder : split(part, ':'))
      if (!folder.empty()) folders.emplace_back(folder);
  }
  return folders;
}

}  // namespace tasuki::batchrun
