#include "cluster/registry/names.hpp"

#include <array>
#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::registry {
namespace {

constexpr size_t kShownBytesMax = 60;
constexpr UChar32 kReplacement = 0xFFFD;  // for what is not UTF-8

int32_t length_of(std::string_view text) {
  return static_cast<int32_t>(text.size());
}

UChar32 folded(UChar32 c) {
  const UChar32 capital = u_toupper(c);
  return u_tolower(capital) == c ? capital : c;
}

void append(std::string& text, UChar32 c) {
  std::array<char, U8_MAX_LENGTH> bytes{};
  int32_t count = 0;
  U8_APPEND_UNSAFE(bytes, count, c);
  text.append(bytes.data(), static_cast<size_t>(count));
}

// The character at i, which moves behind it; negative when it is not UTF-8.
UChar32 next_of(std::string_view text, int32_t& i) {
  UChar32 c = 0;
  U8_NEXT(text, i, length_of(text), c);  // NOLINT(bugprone-inc-dec-in-conditions): ICU's macro
  return c;
}

bool is_control(UChar32 c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool has_control(std::string_view text) {
  for (int32_t i = 0; i < length_of(text);) {
    const UChar32 c = next_of(text, i);
    if (is_control(c)) return true;
  }
  return false;
}

Result<void> check_name(std::string_view name, std::string_view subject, size_t units_max) {
  if (!is_utf8(name))
    return failure(
        fmt::format("the {} \"{}\" is not valid Unicode; write it in UTF-8", subject, shown(name)));
  if (has_control(name))
    return failure(fmt::format("the {} \"{}\" has a control character; write it without", subject,
                               shown(name)));
  if (const size_t units = utf16_units(name); units > units_max)
    return failure(fmt::format("the {} \"{}\" has {} characters; use at most {}", subject,
                               shown(name), units, units_max));
  return {};
}

}  // namespace

FoldedName fold(std::string_view name) {
  FoldedName result;
  result.value.reserve(name.size());
  for (int32_t i = 0; i < length_of(name);) {
    const int32_t start = i;
    const UChar32 c = next_of(name, i);
    if (c < 0) {  // not UTF-8: equal to itself alone
      result.value += name.substr(static_cast<size_t>(start), static_cast<size_t>(i - start));
    } else if (c < 0x80) {
      result.value += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    } else if (U_IS_BMP(c)) {
      append(result.value, folded(c));
    } else {  // two code units, for which Windows has no capitals
      append(result.value, U16_LEAD(c));
      append(result.value, U16_TRAIL(c));
    }
  }
  return result;
}

bool is_utf8(std::string_view text) {
  for (int32_t i = 0; i < length_of(text);) {
    const UChar32 c = next_of(text, i);
    if (c < 0) return false;
  }
  return true;
}

size_t utf16_units(std::string_view text) {
  size_t units = 0;
  for (const char c : text) {
    if (U8_IS_TRAIL(c)) continue;
    units += static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string shown(std::string_view name) {
  std::string text;
  for (int32_t i = 0; i < length_of(name);) {
    if (text.size() >= kShownBytesMax) return printable(text) + "…";
    const UChar32 c = next_of(name, i);
    append(text, c < 0 ? kReplacement : c);
  }
  return printable(text);
}

Result<void> check_value_name(std::string_view name) {
  return check_name(name, "value's name", kValueNameUnitsMax);
}

Result<void> check_key_name(std::string_view name) {
  if (name.empty()) return failure("a key has an empty name; write one separator between names");
  if (name.contains('\\'))
    return failure(fmt::format(
        "the key's name \"{}\" has a backslash; write the key's path instead", shown(name)));
  return check_name(name, "key's name", kKeyNameUnitsMax);
}

}  // namespace tasuki::registry
