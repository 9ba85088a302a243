#include "cluster/batch/decode.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <iconv.h>

namespace tasuki::batch {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kYenSign = "\xC2\xA5";  // U+00A5

struct Converted {
  std::string text;
  size_t bytes_read = 0;  // up to the first that has no meaning
};

// By iconv(3). The whole has been read unless a byte has no meaning in that character set.
Converted convert(std::string_view bytes, const char* character_set) {
  Converted converted;
  const iconv_t conversion = iconv_open("UTF-8", character_set);
  if (std::bit_cast<intptr_t>(conversion) == -1) return converted;  // iconv_open(3)
  std::string input(bytes);  // iconv's interface is not const
  char* from = input.data();
  size_t left = input.size();
  std::array<char, 4096> buffer{};
  for (;;) {
    char* to = buffer.data();
    size_t room = buffer.size();
    const size_t result = iconv(conversion, &from, &left, &to, &room);
    converted.text.append(buffer.data(), buffer.size() - room);
    if (result != size_t(-1) || errno != E2BIG) break;  // E2BIG: the buffer was full
  }
  iconv_close(conversion);
  converted.bytes_read = bytes.size() - left;
  return converted;
}

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
  Converted converted = convert(bytes, "UTF-8");
  if (converted.bytes_read < bytes.size()) converted = convert(bytes, "CP932");
  if (converted.bytes_read < bytes.size())
    return std::unexpected(no_text(bytes, converted.bytes_read,
                                   "there are bytes that are neither UTF-8 nor code page 932"));
  return with_plain_line_ends(converted.text);
}

}  // namespace tasuki::batch
