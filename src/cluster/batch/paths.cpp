#include "cluster/batch/paths.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kSlashes = "\\/";

bool is_slash(char c) {
  return kSlashes.contains(c);
}

std::string_view drive_of(std::string_view path) {
  return has_drive(path) ? path.substr(0, 2) : std::string_view{};
}

void add_parts(std::vector<std::string_view>& parts, std::string_view path) {
  while (!path.empty()) {
    const size_t end = std::min(path.find_first_of(kSlashes), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
}

std::optional<std::string> find_name(std::string_view wanted, std::vector<std::string> names) {
  if (std::ranges::find(names, wanted) != names.end()) return std::string(wanted);
  std::ranges::sort(names);
  const auto same = [wanted](const std::string& name) { return same_name(name, wanted); };
  const auto found = std::ranges::find_if(names, same);
  return found == names.end() ? std::nullopt : std::optional(*found);
}

// In the order in which they are tried; as written first.
std::vector<std::string> possible_names(std::string_view name) {
  std::vector<std::string> names{std::string(name)};
  for (const std::string_view extension : {".exe", ".com", ".bat", ".cmd"})
    names.push_back(fmt::format("{}{}", name, extension));
  if (same_name(split_path(name).extension, ".exe"))
    names.emplace_back(name.substr(0, name.size() - 4));
  return names;
}

}  // namespace

PathParts split_path(std::string_view path) {
  PathParts parts;
  parts.drive = drive_of(path);
  path.remove_prefix(parts.drive.size());
  const size_t slash = path.find_last_of(kSlashes);
  const size_t folder_end = slash == std::string_view::npos ? 0 : slash + 1;
  parts.folder = path.substr(0, folder_end);
  path.remove_prefix(folder_end);
  const size_t dot = std::min(path.rfind('.'), path.size());
  parts.name = path.substr(0, dot);
  parts.extension = path.substr(dot);
  return parts;
}

bool has_drive(std::string_view path) {
  return path.size() >= 2 && path[1] == ':' && lower(path[0]) >= 'a' && lower(path[0]) <= 'z';
}

bool has_folder(std::string_view path) {
  return has_drive(path) || path.find_first_of(kSlashes) != std::string_view::npos;
}

bool is_absolute(std::string_view path) {
  return has_drive(path) || (!path.empty() && is_slash(path.front()));
}

std::string join_path(std::string_view folder, std::string_view path) {
  const std::string_view drive = has_drive(path) ? drive_of(path) : drive_of(folder);
  std::vector<std::string_view> parts;
  if (!is_absolute(path)) add_parts(parts, folder.substr(drive_of(folder).size()));
  add_parts(parts, path.substr(drive_of(path).size()));
  const char slash = drive.empty() ? '/' : '\\';
  std::string joined(drive);
  if (parts.empty()) joined += slash;
  for (const std::string_view part : parts) {
    joined += slash;
    joined += part;
  }
  return joined;
}

Result<std::string> to_linux_path(std::string_view path, const Drives& drives) {
  std::string linux_path;
  if (has_drive(path)) {
    const auto drive = drives.find(lower(path[0]));
    if (drive == drives.end())
      return failure(
          fmt::format("{} is on drive {}:, which is not defined; add [drives] {} = "
                      "\"/directory\", or drive = \"{}\" to a partition",
                      path, path[0], lower(path[0]), lower(path[0])));
    linux_path = drive->second == "/" ? "" : drive->second;
    path.remove_prefix(2);
  }
  return linux_path + join_path("/", path);
}

std::string to_linux_argument(std::string_view word, const Drives& drives) {
  if (!has_drive(word) || word.size() < 3 || !is_slash(word[2])) return std::string(word);
  return to_linux_path(word, drives).value_or(std::string(word));
}

std::optional<std::string> find_path(std::string_view linux_path, const ListFolder& list_folder) {
  std::vector<std::string_view> parts;
  add_parts(parts, linux_path);
  std::string found;
  for (const std::string_view part : parts) {
    const auto name = find_name(part, list_folder(found.empty() ? "/" : found));
    if (!name) return std::nullopt;
    found += "/" + *name;
  }
  return found.empty() ? "/" : found;
}

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern == "*.*") return true;
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;  // the last one, which takes as much as it must
  size_t star_end = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(name[n]))) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::optional<std::string> find_program(std::string_view name, std::span<const std::string> folders,
                                        const ListFolder& list_folder) {
  const auto candidates = possible_names(name);
  if (has_folder(name)) {
    for (const std::string& candidate : candidates)
      if (auto found = find_path(candidate, list_folder)) return found;
    return std::nullopt;
  }
  for (const std::string& folder : folders) {
    const auto listing = list_folder(folder);
    for (const std::string& candidate : candidates)
      if (const auto found = find_name(candidate, listing)) return join_path(folder, *found);
  }
  return std::nullopt;
}

}  // namespace tasuki::batch
