#include "cluster/registry/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "cluster/registry/names.hpp"
#include "cluster/registry/utf16.hpp"
#include "kit/diagnostic.hpp"
#include "kit/text.hpp"

namespace tasuki::registry {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// With the zero character that ends it.
Bytes text_bytes(std::string_view text) {
  Bytes bytes = to_bytes(to_utf16(text));
  bytes.resize(bytes.size() + 2);
  return bytes;
}

Bytes number_bytes(std::uint64_t number, size_t count) {
  Bytes bytes;
  for (size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  return bytes;
}

std::uint64_t number_of(const Bytes& bytes) {
  std::uint64_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
  return number;
}

// The strings before each zero character, when the bytes are UTF-16 that ends with one.
std::optional<std::vector<std::string>> texts_of(const Bytes& bytes) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const std::string text =
      from_utf16({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, ByteOrder::LittleEnd);
  if (!text.ends_with('\0') || !is_utf8(text)) return std::nullopt;
  std::vector<std::string> texts;
  for (const std::string_view part : split(std::string_view(text).substr(0, text.size() - 1), '\0'))
    texts.emplace_back(part);
  return texts;
}

bool is_text(std::string_view text) {
  return is_utf8(text) && !text.contains('\0');
}

std::string hex(const Bytes& bytes, std::string_view separator) {
  return fmt::format("{:02x}", fmt::join(bytes, separator));
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::optional<Bytes> parse_hex(std::span<const std::string> arguments) {
  Bytes bytes;
  for (const std::string& argument : arguments)
    for (size_t i = 0; i < argument.size();) {
      if (argument[i] == ' ' || argument[i] == ',') {
        ++i;
        continue;
      }
      if (i + 1 >= argument.size() || !is_hex_digit(argument[i]) || !is_hex_digit(argument[i + 1]))
        return std::nullopt;
      std::uint8_t byte = 0;
      std::from_chars(&argument[i], &argument[i] + 2, byte, 16);
      bytes.push_back(byte);
      i += 2;
    }
  return bytes;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  const int base = text.starts_with("0x") || text.starts_with("0X") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// N of "hex(N)".
std::optional<std::uint32_t> parse_raw_type(std::string_view type) {
  if (!type.starts_with("hex(") || !type.ends_with(')')) return std::nullopt;
  const std::string_view digits = type.substr(4, type.size() - 5);
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

Result<Value> parse_multi(std::span<const std::string> arguments) {
  MultiString multi;
  for (const std::string& argument : arguments) {
    if (argument.empty())
      return failure(
          "a multi-string has an empty string, at which Windows would end it; leave it "
          "out");
    multi.texts.push_back(argument);
  }
  return multi;
}

template <class Number>
Result<Value> parse_one_number(std::string_view type, const std::string& argument) {
  const auto number = parse_number<decltype(Number::number)>(argument);
  if (!number)
    return failure(
        fmt::format("\"{}\" is no {}; write a number from 0 to {}, or hexadecimal with 0x",
                    shown(argument), type, std::numeric_limits<decltype(Number::number)>::max()));
  return Number{*number};
}

}  // namespace

std::uint32_t type_of(const Value& value) {
  return std::visit(
      Match{[](const String&) { return kTypeString; },
            [](const ExpandString&) { return kTypeExpandString; },
            [](const MultiString&) { return kTypeMultiString; },
            [](const Dword&) { return kTypeDword; }, [](const Qword&) { return kTypeQword; },
            [](const Binary&) { return kTypeBinary; }, [](const Raw& raw) { return raw.type; }},
      value);
}

Bytes bytes_of(const Value& value) {
  return std::visit(Match{[](const String& string) { return text_bytes(string.text); },
                          [](const ExpandString& string) { return text_bytes(string.text); },
                          [](const MultiString& multi) {
                            std::string all;
                            for (const std::string& text : multi.texts) all += text + '\0';
                            return text_bytes(all);
                          },
                          [](const Dword& dword) { return number_bytes(dword.number, 4); },
                          [](const Qword& qword) { return number_bytes(qword.number, 8); },
                          [](const Binary& binary) { return binary.bytes; },
                          [](const Raw& raw) { return raw.bytes; }},
                    value);
}

Value value_of(std::uint32_t type, Bytes bytes) {
  if (type == kTypeBinary) return Binary{std::move(bytes)};
  if (type == kTypeDword && bytes.size() == 4)
    return Dword{static_cast<std::uint32_t>(number_of(bytes))};
  if (type == kTypeQword && bytes.size() == 8) return Qword{number_of(bytes)};
  if (type == kTypeString || type == kTypeExpandString) {
    auto texts = texts_of(bytes);
    if (texts && texts->size() == 1) {
      if (type == kTypeString) return String{std::move(texts->front())};
      return ExpandString{std::move(texts->front())};
    }
  }
  if (type == kTypeMultiString) {
    auto texts = texts_of(bytes);
    if (texts && texts->back().empty()) {  // the zero character behind the last string's own
      texts->pop_back();
      return MultiString{std::move(*texts)};
    }
  }
  return Raw{type, std::move(bytes)};
}

Result<void> check(const Value& value) {
  const auto check_text = [](std::string_view text) -> Result<void> {
    if (is_text(text)) return {};
    return failure(fmt::format(
        "the text \"{}\" is not valid Unicode without a zero character; write it in UTF-8",
        shown(text)));
  };
  return std::visit(Match{[&](const String& string) { return check_text(string.text); },
                          [&](const ExpandString& string) { return check_text(string.text); },
                          [&](const MultiString& multi) {
                            for (const std::string& text : multi.texts)
                              if (auto checked = check_text(text); !checked) return checked;
                            return Result<void>{};
                          },
                          [](const Raw& raw) -> Result<void> {
                            const Value proper = value_of(raw.type, raw.bytes);
                            if (std::holds_alternative<Raw>(proper)) return {};
                            return failure(fmt::format(
                                "data of hex({:x}) are given that {} holds; write it as "
                                "that type",
                                raw.type, type_name(proper)));
                          },
                          [](const auto&) { return Result<void>{}; }},
                    value);
}

std::string type_name(const Value& value) {
  return std::visit(Match{[](const String&) -> std::string { return "string"; },
                          [](const ExpandString&) -> std::string { return "expand"; },
                          [](const MultiString&) -> std::string { return "multi"; },
                          [](const Dword&) -> std::string { return "dword"; },
                          [](const Qword&) -> std::string { return "qword"; },
                          [](const Binary&) -> std::string { return "binary"; },
                          [](const Raw& raw) { return fmt::format("hex({:x})", raw.type); }},
                    value);
}

Result<Value> parse_value(std::string_view type, std::span<const std::string> arguments) {
  for (const std::string& argument : arguments)
    if (!is_text(argument))
      return failure(
          fmt::format("\"{}\" is not valid Unicode; write it in UTF-8", shown(argument)));
  if (type == "multi") return parse_multi(arguments);
  const auto raw_type = parse_raw_type(type);
  if (type == "binary" || raw_type) {
    auto bytes = parse_hex(arguments);
    if (!bytes)
      return failure(
          fmt::format("\"{}\" is not binary; write each byte as two hexadecimal digits, "
                      "as 01,ff",
                      shown(join(arguments, " "))));
    return value_of(raw_type.value_or(kTypeBinary), std::move(*bytes));
  }
  const std::vector<std::string> types{"string", "expand", "multi", "dword", "qword", "binary"};
  if (std::ranges::find(types, type) == types.end())
    return failure(fmt::format("there is no type \"{}\"; {}", shown(type), suggest(type, types)));
  if (arguments.size() != 1)
    return failure(fmt::format("a {} is one argument, not {}; quote it when it has blanks", type,
                               arguments.size()));
  if (type == "dword") return parse_one_number<Dword>(type, arguments[0]);
  if (type == "qword") return parse_one_number<Qword>(type, arguments[0]);
  if (type == "expand") return ExpandString{arguments[0]};
  return String{arguments[0]};
}

std::vector<std::string> to_arguments(const Value& value) {
  using Arguments = std::vector<std::string>;
  return std::visit(
      Match{[](const String& string) { return Arguments{string.text}; },
            [](const ExpandString& string) { return Arguments{string.text}; },
            [](const MultiString& multi) { return multi.texts; },
            [](const Dword& dword) { return Arguments{fmt::format("{}", dword.number)}; },
            [](const Qword& qword) { return Arguments{fmt::format("{}", qword.number)}; },
            [](const Binary& binary) { return Arguments{hex(binary.bytes, ",")}; },
            [](const Raw& raw) { return Arguments{hex(raw.bytes, ",")}; }},
      value);
}

std::string to_text(const Value& value) {
  return std::visit(
      Match{[](const String& string) { return printable(string.text); },
            [](const ExpandString& string) { return printable(string.text); },
            [](const MultiString& multi) {
              std::vector<std::string> quoted;
              for (const std::string& text : multi.texts)
                quoted.push_back(fmt::format("\"{}\"", printable(text)));
              return join(quoted, " ");
            },
            [](const Dword& dword) { return fmt::format("0x{0:08x} ({0})", dword.number); },
            [](const Qword& qword) { return fmt::format("0x{0:016x} ({0})", qword.number); },
            [](const Binary& binary) { return hex(binary.bytes, " "); },
            [](const Raw& raw) { return hex(raw.bytes, " "); }},
      value);
}

}  // namespace tasuki::registry
