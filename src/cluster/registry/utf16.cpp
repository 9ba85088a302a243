#include "cluster/registry/utf16.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "kit/assert.hpp"

namespace tasuki::registry {
namespace {

constexpr UChar32 kReplacement = 0xFFFD;

class Units {
 public:
  Units(std::string_view bytes, ByteOrder order) : bytes_(bytes), order_(order) {}
  [[nodiscard]] size_t size() const { return bytes_.size() / 2; }
  [[nodiscard]] UChar32 operator[](size_t i) const {
    const auto first = static_cast<unsigned char>(bytes_[2 * i]);
    const auto second = static_cast<unsigned char>(bytes_[2 * i + 1]);
    return order_ == ByteOrder::LittleEnd ? first | second << 8 : first << 8 | second;
  }

 private:
  std::string_view bytes_;
  ByteOrder order_;
};

void append_unit(std::string& bytes, UChar32 unit) {
  bytes += static_cast<char>(unit & 0xFF);
  bytes += static_cast<char>(unit >> 8);
}

// The character at i, which moves behind it.
UChar32 next_character(std::string_view text, size_t& i) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const size_t start = i;
  UChar32 c = 0;
  U8_NEXT(text, i, text.size(), c);  // NOLINT(bugprone-inc-dec-in-conditions): ICU's macro
  if (c >= 0) return c;
  const bool half = start + 2 < text.size() && byte(start) == 0xED && byte(start + 1) >= 0xA0 &&
                    U8_IS_TRAIL(text[start + 1]) && U8_IS_TRAIL(text[start + 2]);
  if (!half) return kReplacement;
  i = start + 3;
  return 0xD000 | (byte(start + 1) & 0x3F) << 6 | (byte(start + 2) & 0x3F);
}

}  // namespace

std::string from_utf16(std::string_view bytes, ByteOrder order) {
  TASUKI_ASSERT(bytes.size() % 2 == 0);
  const Units units(bytes, order);
  std::string text;
  text.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    UChar32 c = units[i];
    if (U16_IS_LEAD(c) && i + 1 < units.size() && U16_IS_TRAIL(units[i + 1]))
      c = U16_GET_SUPPLEMENTARY(c, units[++i]);
    std::array<char, U8_MAX_LENGTH> encoded{};
    size_t count = 0;
    U8_APPEND_UNSAFE(encoded, count, c);
    text.append(encoded.data(), count);
  }
  return text;
}

std::string to_utf16(std::string_view text) {
  std::string bytes;
  bytes.reserve(2 * text.size());
  for (size_t i = 0; i < text.size();) {
    const UChar32 c = next_character(text, i);
    if (U_IS_BMP(c)) {
      append_unit(bytes, c);
    } else {
      append_unit(bytes, U16_LEAD(c));
      append_unit(bytes, U16_TRAIL(c));
    }
  }
  return bytes;
}

}  // namespace tasuki::registry
