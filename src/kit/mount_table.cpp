#include "kit/mount_table.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki {
namespace {

// Where the fields lie; any number of optional fields and a "-" come before the last three.
constexpr size_t kId = 0, kDevice = 2, kRoot = 3, kMountPoint = 4, kOptions = 5, kOptional = 6;
constexpr size_t kFilesystem = 1, kSource = 2, kFilesystemOptions = 3;  // counted from the "-"

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<dev_t> to_device(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2) return std::nullopt;
  const auto major_number = to_number<unsigned>(parts[0]);
  const auto minor_number = to_number<unsigned>(parts[1]);
  if (!major_number || !minor_number) return std::nullopt;
  return makedev(*major_number, *minor_number);
}

// Space, tab, newline and backslash are written as three octal digits after a backslash.
std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    unsigned code = 0;
    if (text.size() >= 4 && text[0] == '\\' &&
        std::from_chars(&text[1], &text[1] + 3, code, 8).ptr == &text[1] + 3) {
      plain += static_cast<char>(code);
      text.remove_prefix(4);
    } else {
      plain += text[0];
      text.remove_prefix(1);
    }
  }
  return plain;
}

bool says_read_only(std::string_view options) {
  return options == "ro" || options.starts_with("ro,");
}

std::optional<Mount> parse_line(std::string_view line) {
  const auto fields = split(line, ' ');
  if (fields.size() <= kOptional) return std::nullopt;
  const auto dash = std::find(fields.begin() + kOptional, fields.end(), "-");
  if (static_cast<size_t>(fields.end() - dash) <= kFilesystemOptions) return std::nullopt;
  const auto id = to_number<uint64_t>(fields[kId]);
  const auto device = to_device(fields[kDevice]);
  if (!id || !device) return std::nullopt;
  return Mount{*id,
               *device,
               unescape(fields[kRoot]),
               unescape(fields[kMountPoint]),
               std::string(dash[kFilesystem]),
               unescape(dash[kSource]),
               says_read_only(fields[kOptions]) || says_read_only(dash[kFilesystemOptions])};
}

Result<std::vector<Mount>> read_table_of(const std::string& process) {
  const auto text = read_file("/proc/" + process + "/mountinfo");
  if (!text) return failure(text.error());
  return parse_mount_table(*text);
}

}  // namespace

std::vector<Mount> parse_mount_table(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  for (const auto line : split(mountinfo, '\n'))
    if (auto mount = parse_line(line)) mounts.push_back(std::move(*mount));
  return mounts;
}

Result<std::vector<Mount>> read_mount_table() {
  return read_table_of("self");
}

Result<std::vector<Mount>> read_mount_table(pid_t process) {
  return read_table_of(fmt::to_string(process));
}

std::vector<ForeignMounts> read_foreign_mount_tables() {
  std::vector<ForeignMounts> tables;
  std::set<std::pair<dev_t, ino_t>> seen;
  struct stat own{};
  if (::stat("/proc/self/ns/mnt", &own) == 0) seen.emplace(own.st_dev, own.st_ino);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto process = to_number<pid_t>(entry.path().filename().native());
    struct stat other{};
    // A process that is just ending has no namespace any more.
    if (!process || ::stat((entry.path() / "ns/mnt").c_str(), &other) != 0) continue;
    if (!seen.emplace(other.st_dev, other.st_ino).second) continue;
    if (auto table = read_mount_table(*process)) tables.push_back({*process, std::move(*table)});
  }
  return tables;
}

}  // namespace tasuki
