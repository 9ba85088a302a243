#include "cluster/process/mountinfo.hpp"

#include <algorithm>

#include "kit/text.hpp"

namespace tasuki::process {
namespace {

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// The kernel writes space, tab, newline and backslash as \040, \011, \012 and \134.
std::string unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::all_of(text.begin() + static_cast<ptrdiff_t>(i) + 1,
                    text.begin() + static_cast<ptrdiff_t>(i) + 4, is_octal)) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain.push_back(static_cast<char>(code));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  // id parent major:minor root mount-point options optional-fields... - filesystem source options
  constexpr size_t kDevice = 2, kRoot = 3, kMountPoint = 4, kOptional = 6;
  std::vector<Mount> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() <= kOptional) continue;
    const auto dash = std::find(fields.begin() + kOptional, fields.end(), "-");
    if (dash == fields.end() || dash + 1 == fields.end()) continue;
    mounts.push_back({std::string(fields[kDevice]), unescape(fields[kRoot]),
                      unescape(fields[kMountPoint]), std::string(dash[1])});
  }
  return mounts;
}

}  // namespace tasuki::process
