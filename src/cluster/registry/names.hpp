// Names of keys and values: their limits, and comparing them as Windows does. Case is kept and does
// not matter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kit/result.hpp"
#include "kit/strong.hpp"

namespace tasuki::registry {

// "Registry element size limits" in the Windows documentation, in UTF-16 code units.
inline constexpr size_t kKeyNameUnitsMax = 255;
inline constexpr size_t kValueNameUnitsMax = 16'383;
inline constexpr size_t kLevelsMax = 512;  // of keys below each other, the root included
// A whole path: what a counted string of Windows (UNICODE_STRING) can hold.
inline constexpr size_t kPathUnitsMax = 32'767;

// What names are compared by: equal for names that differ in case alone, and in plain order where
// Windows lists them (by UTF-16 code units). A map's key and nothing to print: it need not be valid
// UTF-8. Another version of Unicode may fold more, so it is made anew rather than stored.
using FoldedName = Strong<struct FoldedNameTag, std::string>;

// Letters become capitals one by one, full-width and accented ones too, when the capital's small
// letter is they again. So ı, ſ and µ stay apart from I, S and Μ, as on Windows: two of its keys
// never become one here.
FoldedName fold(std::string_view name);

bool is_utf8(std::string_view text);
// Of text that is UTF-8.
size_t utf16_units(std::string_view text);

// The first characters of a name for a message: UTF-8 with nothing that commands a terminal.
std::string shown(std::string_view name);

// Whether it may name a value; "" is the name of a key's default value.
Result<void> check_value_name(std::string_view name);

// Whether it may be one part of a key's path. A slash may be in it, a backslash not.
Result<void> check_key_name(std::string_view name);

}  // namespace tasuki::registry
