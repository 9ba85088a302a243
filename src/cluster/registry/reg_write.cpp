// What is known of the bytes that regedit and `reg export` write, from Wine's and ReactOS's sources
// and from those of Wine's tests that hold on Windows too:
// - a byte order mark, the header, an empty line; for each key its line, its values' lines and an
//   empty line; CR LF everywhere.
// - keys by name, values in the order in which they were made.
// - in strings \ and " with a \ before; no other escape.
// - types other than string, dword and binary as hex(N) with N in small hexadecimal letters.
// - a line of hexadecimal data ends, with ",\", once it has 77 characters before the \, the next
//   begins with two blanks: so 25 bytes in each but the first, which has fewer the longer the name
//   is, yet always one.
// Not known, and our choice: the length of a name is counted as it is written, with its escapes, in
// UTF-16 code units; line breaks in strings stand as they are; a string that is none (Raw) is
// hex(1).
#include <algorithm>

#include <fmt/format.h>

#include "cluster/registry/names.hpp"
#include "cluster/registry/reg_file.hpp"
#include "cluster/registry/utf16.hpp"

namespace tasuki::registry {
namespace {

constexpr size_t kHexLineMax = 77;
constexpr std::string_view kContinuationIndent = "  ";
constexpr std::string_view kDigits = "0123456789abcdef";

class Writer {
 public:
  explicit Writer(std::string_view line_end) : line_end_(line_end) {
    text_ = "Windows Registry Editor Version 5.00";
    text_ += line_end_;
    text_ += line_end_;
  }

  void write(const KeyPath& path, const Key& key) {
    text_ += '[';
    text_ += path.text();
    text_ += ']';
    text_ += line_end_;
    for (const NamedValue* const value : key.values()) write(*value);
    text_ += line_end_;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void write(const NamedValue& named) {
    const size_t start = text_.size();
    if (named.name.empty())
      text_ += '@';
    else
      write_quoted(named.name);
    text_ += '=';
    if (const auto* const string = std::get_if<String>(&named.value))
      write_quoted(string->text);
    else if (const auto* const dword = std::get_if<Dword>(&named.value))
      text_ += fmt::format("dword:{:08x}", dword->number);
    else
      write_hex(named.value, start);
    text_ += line_end_;
  }

  void write_quoted(std::string_view text) {
    text_ += '"';
    for (const char c : text) {
      if (c == '\\' || c == '"') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
  }

  // `start` is where the line begins.
  void write_hex(const Value& value, size_t start) {
    const std::uint32_t type = type_of(value);
    text_ += type == kTypeBinary ? "hex:" : fmt::format("hex({:x}):", type);
    size_t column = utf16_units(std::string_view(text_).substr(start));
    const Bytes bytes = bytes_of(value);
    for (size_t i = 0; i < bytes.size(); ++i) {
      text_ += kDigits[bytes[i] >> 4];
      text_ += kDigits[bytes[i] & 0xF];
      if (i + 1 == bytes.size()) break;
      text_ += ',';
      column += 3;
      if (column < kHexLineMax) continue;
      text_ += '\\';
      text_ += line_end_;
      text_ += kContinuationIndent;
      column = kContinuationIndent.size();
    }
  }

  std::string_view line_end_;
  std::string text_;
};

// Without those that are below another, or twice.
std::vector<KeyPath> topmost(std::span<const KeyPath> tops) {
  std::vector<KeyPath> sorted(tops.begin(), tops.end());
  std::ranges::sort(sorted);
  std::vector<KeyPath> kept;
  for (const KeyPath& top : sorted)
    if (kept.empty() || !top.is_at_or_below(kept.back())) kept.push_back(top);
  return kept;
}

}  // namespace

std::string write_reg_file(const Tree& tree, std::span<const KeyPath> tops, RegEncoding encoding) {
  Writer writer(encoding == RegEncoding::Utf16 ? "\r\n" : "\n");
  for (const KeyPath& top : topmost(tops))
    tree.walk(top, [&](const KeyPath& path, const Key& key) { writer.write(path, key); });
  if (encoding == RegEncoding::Utf8) return writer.text();
  return "\xFF\xFE" + to_utf16(writer.text());
}

}  // namespace tasuki::registry
