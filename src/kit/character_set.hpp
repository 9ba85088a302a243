// Text of other character sets as UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tasuki {

struct Converted {
  std::string text;
  size_t bytes_read = 0;  // up to the first that has no meaning
};

// By iconv(3). The whole has been read unless a byte has no meaning in that character set, of which
// nothing has been read when iconv does not know it.
Converted to_utf8(std::string_view bytes, const char* character_set);

}  // namespace tasuki
