// What a value of the registry holds. Text is UTF-8; what is not text as Windows expects it (no
// end, half a character) stays as the bytes it is, with its type: nothing is lost or mended
// silently.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::registry {

using Bytes = std::vector<std::uint8_t>;

// UTF-8 without a zero character, in these three. Line breaks are text like any other.
struct String {
  std::string text;
  friend bool operator==(const String&, const String&) = default;
};
// With %VARIABLES% that whoever reads it replaces.
struct ExpandString {
  std::string text;
  friend bool operator==(const ExpandString&, const ExpandString&) = default;
};
struct MultiString {
  std::vector<std::string> texts;
  friend bool operator==(const MultiString&, const MultiString&) = default;
};
struct Dword {
  std::uint32_t number = 0;
  friend bool operator==(const Dword&, const Dword&) = default;
};
struct Qword {
  std::uint64_t number = 0;
  friend bool operator==(const Qword&, const Qword&) = default;
};
struct Binary {
  Bytes bytes;
  friend bool operator==(const Binary&, const Binary&) = default;
};
// Every other type, and data that do not fit their type: a string without its end, a dword of three
// bytes. Bytes as Windows keeps them.
struct Raw {
  std::uint32_t type = 0;
  Bytes bytes;
  friend bool operator==(const Raw&, const Raw&) = default;
};

using Value = std::variant<String, ExpandString, MultiString, Dword, Qword, Binary, Raw>;

// Types as Windows numbers them (winnt.h).
inline constexpr std::uint32_t kTypeString = 1;        // REG_SZ
inline constexpr std::uint32_t kTypeExpandString = 2;  // REG_EXPAND_SZ
inline constexpr std::uint32_t kTypeBinary = 3;        // REG_BINARY
inline constexpr std::uint32_t kTypeDword = 4;         // REG_DWORD, little end first
inline constexpr std::uint32_t kTypeMultiString = 7;   // REG_MULTI_SZ
inline constexpr std::uint32_t kTypeQword = 11;        // REG_QWORD

// A value as Windows keeps it, and back: value_of(type_of(v), bytes_of(v)) == v for a value that
// check() passes. Text is UTF-16, little end first, and ends with a zero character.
std::uint32_t type_of(const Value& value);
Bytes bytes_of(const Value& value);
Value value_of(std::uint32_t type, Bytes bytes);

// For values made from what came from outside: text must be text, and Raw what nothing else is.
Result<void> check(const Value& value);

// "string", "expand", "multi", "dword", "qword", "binary" or, for Raw, "hex(N)" with N as in a .reg
// file: hexadecimal.
std::string type_name(const Value& value);

// A value from a command line. One argument for string, expand, dword and qword (decimal, or
// hexadecimal with 0x); as many as there are strings for multi, none of them empty; pairs of
// hexadecimal digits for binary and hex(N), with or without commas and blanks between.
Result<Value> parse_value(std::string_view type, std::span<const std::string> arguments);

// What parse_value() makes the same value from, given type_name(): one string for all types but
// multi. (A multi-string of an old program may have empty strings, which parse_value() refuses.)
std::vector<std::string> to_arguments(const Value& value);

// One line for a person: `0x0000001f (31)`, `"one" "two"`, `01 ff`, a string as it is.
std::string to_text(const Value& value);

}  // namespace tasuki::registry
