#include "cluster/batch/decode.hpp"

#include <algorithm>

#include "kit/character_set.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kYenSign = "\xC2\xA5";  // U+00A5

NoText no_text(std::string_view bytes, size_t position, std::string what) {
  const auto line = static_cast<size_t>(std::ranges::count(bytes.substr(0, position), '\n')) + 1;
  return {line, std::move(what), "save the script as UTF-8 or in code page 932"};
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') continue;
    if (text.substr(i, kYenSign.size()) == kYenSign) {
      plain += '\\';
      i += kYenSign.size() - 1;
    } else {
      plain += text[i] == '\x1A' ? '\n' : text[i];
    }
  }
  return plain;
}

}  // namespace

std::expected<std::string, NoText> decode(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return std::unexpected(no_text(bytes, 0, "the file is UTF-16, which cmd.exe does not run"));
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (const size_t zero = bytes.find('\0'); zero != std::string_view::npos)
    return std::unexpected(no_text(bytes, zero, "there is a zero byte, so this is no text"));
  Converted converted = to_utf8(bytes, "UTF-8");
  if (converted.bytes_read < bytes.size()) converted = to_utf8(bytes, "CP932");
  if (converted.bytes_read < bytes.size())
    return std::unexpected(no_text(bytes, converted.bytes_read,
                                   "there are bytes that are neither UTF-8 nor code page 932"));
  return with_plain_line_ends(converted.text);
}

}  // namespace tasuki::batch
