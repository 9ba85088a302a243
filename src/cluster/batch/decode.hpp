// The bytes of a batch file as UTF-8.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace tasuki::batch {

struct NoText {
  size_t line = 0;  // counted from 1
  std::string what;
  std::string expected;
};

// UTF-8, with or without a byte order mark, or else code page 932 (kit/charset.hpp). Carriage
// returns are dropped and the old end of file (Ctrl-Z) ends a line, as in cmd.exe. The yen sign
// becomes the backslash it is in code page 932, where both are one character.
std::expected<std::string, NoText> decode(std::string_view bytes);

}  // namespace tasuki::batch
