// Text in the encodings of older systems as UTF-8, by iconv(3).
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace tasuki {

struct Converted {
  std::string text;       // UTF-8
  size_t bytes_read = 0;  // up to the first that has no meaning
};

// `character_set` as iconv_open(3) knows it. The whole has been read unless a byte has no meaning
// in that character set, or nothing when iconv does not know it.
Converted to_utf8(std::string_view bytes, const char* character_set);

// UTF-8, or else code page 932, what Japanese Windows writes; the position of the first byte that
// has no meaning in the latter when it is neither. Text of more than a few characters in that code
// page is hardly ever valid UTF-8 by chance.
std::expected<std::string, size_t> utf8_or_cp932(std::string_view bytes);

}  // namespace tasuki
