// Paths as scripts write them, with drive letters and backslashes, and what they are on Linux. No
// file is looked at: who has listings of folders passes them in.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::batch {

// "Y:\data\run.exe" is "Y:", "\data\", "run" and ".exe".
struct PathParts {
  std::string drive;
  std::string folder;
  std::string name;
  std::string extension;
};
PathParts split_path(std::string_view path);

bool has_drive(std::string_view path);    // "y:..."
bool has_folder(std::string_view path);   // with a drive, a backslash or a slash
bool is_absolute(std::string_view path);  // from a drive or from the root

// `path` seen from `folder`, without "." and "..". With backslashes behind a drive letter, with
// slashes otherwise.
std::string join_path(std::string_view folder, std::string_view path);

// Which directory each drive letter (lower case) stands for.
using Drives = std::map<char, std::string>;

// The Linux path of an absolute one, or which drive nobody has defined.
Result<std::string> to_linux_path(std::string_view path, const Drives& drives);

// A program's argument: a path on a defined drive becomes a Linux path, anything else stays.
std::string to_linux_argument(std::string_view word, const Drives& drives);

// The names in a folder; empty when there is no such folder.
using ListFolder = std::function<std::vector<std::string>(const std::string& folder)>;

// The existing path that is the same but for the case of its letters, each part exactly if it is
// there, otherwise the first in alphabetical order.
std::optional<std::string> find_path(std::string_view linux_path, const ListFolder& list_folder);

// Whether a file's name matches a pattern with * and ?, whatever the case; "*.*" is every name.
bool matches(std::string_view pattern, std::string_view name);

// The program that a command's name means: in the first of the folders that has it, whatever the
// case, with ".exe", ".com", ".bat" or ".cmd" added or an ".exe" left out. Names with a folder of
// their own are looked for there alone.
std::optional<std::string> find_program(std::string_view name, std::span<const std::string> folders,
                                        const ListFolder& list_folder);

}  // namespace tasuki::batch
