// UTF-16, in which Windows keeps all text. Nothing is lost: half of a surrogate pair that stands
// alone becomes three bytes as if it were a character (WTF-8), which is not valid UTF-8, so that
// whoever needs text can tell.
#pragma once

#include <string>
#include <string_view>

namespace tasuki::registry {

enum class ByteOrder { LittleEnd, BigEnd };

// An even number of bytes.
std::string from_utf16(std::string_view bytes, ByteOrder order);

// The inverse, little end first. What is neither UTF-8 nor half of a pair becomes U+FFFD.
std::string to_utf16(std::string_view text);

}  // namespace tasuki::registry
