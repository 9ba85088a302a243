#include "cluster/registry/reg_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/registry/reg_file.hpp"
#include "cluster/registry/utf16.hpp"
#include "kit/charset.hpp"

namespace tasuki::registry {
namespace {

constexpr std::string_view kLittleEndMark = "\xFF\xFE";
constexpr std::string_view kBigEndMark = "\xFE\xFF";
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

}  // namespace

std::expected<std::string, Diagnostic> decode_reg_file(const std::string& path,
                                                       std::string_view bytes) {
  const auto no_text = [&](int line, std::string what, std::string expected) {
    return std::unexpected(Diagnostic{path, line, std::move(what), std::move(expected)});
  };
  if (bytes.size() > kRegFileBytesMax)
    return no_text(1, fmt::format("the file has {} MiB", bytes.size() >> 20),
                   fmt::format("use at most {} MiB, in several files", kRegFileBytesMax >> 20));
  std::string text;
  if (bytes.starts_with(kLittleEndMark) || bytes.starts_with(kBigEndMark)) {
    const auto order = bytes.starts_with(kLittleEndMark) ? ByteOrder::LittleEnd : ByteOrder::BigEnd;
    bytes.remove_prefix(kLittleEndMark.size());
    text = from_utf16(bytes.substr(0, bytes.size() & ~size_t{1}), order);
    if (bytes.size() % 2 != 0)
      return no_text(line_at(text, text.size()), "the file ends within a character of UTF-16",
                     "copy or export it again");
  } else {
    if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
    auto decoded = utf8_or_cp932(bytes);
    if (!decoded)
      return no_text(line_at(bytes, decoded.error()),
                     "there are bytes that are neither UTF-8 nor code page 932",
                     "save the file as UTF-16 with a byte order mark, or as UTF-8");
    text = std::move(*decoded);
  }
  if (const size_t zero = text.find('\0'); zero != std::string::npos)
    return no_text(line_at(text, zero), "there is a zero character, so this is no text",
                   "save the file as UTF-16 with a byte order mark, or as UTF-8");
  return text;
}

int line_at(std::string_view text, size_t position) {
  int line = 1;
  for (size_t at = next_line(text, 0); at <= position && at > 0; at = next_line(text, at)) {
    ++line;
    if (at == text.size()) break;
  }
  return line;
}

size_t line_end(std::string_view text, size_t position) {
  return std::min(text.find_first_of("\r\n", position), text.size());
}

size_t next_line(std::string_view text, size_t position) {
  const size_t end = line_end(text, position);
  if (text.substr(end).starts_with("\r\n")) return end + 2;
  return std::min(end + 1, text.size());
}

}  // namespace tasuki::registry
