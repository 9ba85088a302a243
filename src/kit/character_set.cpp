#include "kit/character_set.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <iconv.h>

namespace tasuki {

Converted to_utf8(std::string_view bytes, const char* character_set) {
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

}  // namespace tasuki
