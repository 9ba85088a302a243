#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "cluster/registry/names.hpp"
#include "cluster/registry/reg_file.hpp"
#include "cluster/registry/reg_text.hpp"
#include "cluster/registry/utf16.hpp"
#include "kit/charset.hpp"
#include "kit/text.hpp"

namespace tasuki::registry {
namespace {

constexpr std::string_view kUnicodeHeader = "Windows Registry Editor Version 5.00";
constexpr std::string_view kAnsiHeader = "REGEDIT4";

// More than anybody mends at once; a file that is something else altogether has one in each line.
constexpr size_t kMistakesMax = 1000;

constexpr std::string_view kCloseIt = R"(end it with "; inside, write \\ for \ and \" for ")";

constexpr size_t kDwordDigitsMax = 8;
constexpr size_t kTypeDigitsMax = 8;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The digits' number when they are hexadecimal and not more than so many.
std::optional<std::uint32_t> hex_number(std::string_view digits, size_t digits_max) {
  std::uint32_t number = 0;
  if (digits.empty() || digits.size() > digits_max) return std::nullopt;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

class Reader {
 public:
  Reader(const std::string& path, std::string_view text) : text_(text), report_(path) {}

  RegFile read() {
    read_header();
    while (at_ < text_.size() && mistakes_ < kMistakesMax) read_entry();
    if (mistakes_ >= kMistakesMax)
      report_.mistake(line_, "the file is not read any further",
                      fmt::format("mend the first {} mistakes", kMistakesMax));
    if (mistakes_ > 0) changes_.clear();
    return {std::move(changes_), report_.mistakes()};
  }

 private:
  enum class Lines { One, Many };
  enum class Place { BeforeKeys, InKey, InDeletedKey, InWrongKey };

  // What stands behind the name and "=": nothing to delete the value.
  using Data = std::optional<Value>;

  // The end of the text is a zero character, of which the text has none.
  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool at_line_end() const {
    return here() == '\0' || here() == '\r' || here() == '\n';
  }
  [[nodiscard]] std::string_view rest_of_line() const {
    return text_.substr(at_, line_end(text_, at_) - at_);
  }
  void skip_blanks() {
    while (is_blank(here())) ++at_;
  }
  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void end_line() {
    at_ = next_line(text_, at_);
    ++line_;
  }

  void mistake(int line, std::string what, std::string expected) {
    ++mistakes_;
    report_.mistake(line, std::move(what), std::move(expected));
  }
  void mistake(int line, const Error& error) {
    ++mistakes_;
    report_.mistake(line, error, "");
  }

  void read_header() {
    const std::string_view line = trim(rest_of_line());
    ansi_ = line == kAnsiHeader;
    if (!ansi_ && line != kUnicodeHeader)
      mistake(line_, fmt::format("the first line is \"{}\"", shown(line)),
              fmt::format("begin the file with \"{}\"", kUnicodeHeader));
    if (!line.starts_with('[')) end_line();
  }

  void read_entry() {
    skip_blanks();
    if (at_line_end() || here() == ';' || here() == '#') return end_line();
    if (here() == '[') return read_key();
    if (here() == '@' || here() == '"') return read_value();
    mistake(line_, fmt::format("\"{}\" is neither a key nor a value", shown(rest_of_line())),
            R"(write [KEY], "NAME"=DATA or @=DATA; a comment begins with ;)");
    skip_entry();
  }

  void read_key() {
    place_ = Place::InWrongKey;
    const int line = line_;
    const std::string_view text = rest_of_line();
    end_line();
    const size_t close = text.rfind(']');  // the last: a key's name may have one
    if (close == std::string_view::npos)
      return mistake(line, fmt::format("the key \"{}\" is not closed", shown(text)),
                     "end it with ]");
    const std::string_view behind = trim(text.substr(close + 1));
    if (!behind.empty() && !behind.starts_with(';'))
      return mistake(line, fmt::format("\"{}\" follows the key", shown(behind)),
                     "end the line with ]; a comment begins with ;");
    const bool deleted = text.starts_with("[-");
    auto key = KeyPath::parse(text.substr(deleted ? 2 : 1, close - (deleted ? 2 : 1)));
    if (!key) return mistake(line, key.error());
    if (!deleted) {
      place_ = Place::InKey;
      key_ = *key;
      changes_.push_back({CreateKey{std::move(*key)}, line});
    } else if (key->is_root()) {
      mistake(line, fmt::format("the root {} cannot be deleted", key->text()),
              "delete keys below it");
    } else {
      place_ = Place::InDeletedKey;
      changes_.push_back({DeleteKey{std::move(*key)}, line});
    }
  }

  void read_value() {
    const size_t start = at_;
    const int line = line_;
    auto name = read_name();
    std::optional<Data> data;
    if (name) data = read_data();
    if (!data || !read_line_end()) {
      at_ = start;
      line_ = line;
      return skip_entry();
    }
    if (place_ == Place::BeforeKeys)
      return mistake(line, "a value stands before any key", "write its key's line [KEY] first");
    if (place_ == Place::InDeletedKey)
      return mistake(line, "a value stands below a key that is deleted",
                     "write its key's line [KEY] first");
    if (place_ == Place::InWrongKey) return;  // told already
    ValuePath path{*key_, std::move(*name)};
    if (*data)
      changes_.push_back({SetValue{std::move(path), std::move(**data)}, line});
    else
      changes_.push_back({DeleteValue{std::move(path)}, line});
  }

  // The rest of an entry with a mistake: its line, and those that its hexadecimal data go on in.
  void skip_entry() {
    for (;;) {
      const std::string_view line = trim(rest_of_line());
      const bool goes_on = line.ends_with('\\') || line.contains(",\\");
      end_line();
      if (!goes_on || at_ >= text_.size()) return;
    }
  }

  // With the "=" behind it.
  std::optional<std::string> read_name() {
    std::string name;
    if (!skip("@")) {
      const auto quoted = read_quoted("name", Lines::One);
      if (!quoted) return std::nullopt;
      if (const auto checked = check_value_name(*quoted); !checked) {
        mistake(line_, checked.error());
        return std::nullopt;
      }
      name = *quoted;
    }
    skip_blanks();
    if (skip("=")) return name;
    mistake(line_, fmt::format("\"{}\" follows the value's name", shown(rest_of_line())),
            R"(write "NAME"=DATA or @=DATA)");
    return std::nullopt;
  }

  // From one quotation mark to the other.
  std::optional<std::string> read_quoted(std::string_view subject, Lines lines) {
    const int line = line_;
    std::string quoted;
    for (++at_; here() != '"'; ++at_) {
      if (here() == '\0' || (lines == Lines::One && at_line_end())) {
        mistake(line, fmt::format("the {} is not closed", subject), std::string(kCloseIt));
        return std::nullopt;
      }
      if (at_line_end()) {
        const size_t next = next_line(text_, at_);
        quoted += text_.substr(at_, next - at_);
        at_ = next - 1;
        ++line_;
        continue;
      }
      if (here() == '\\') {
        ++at_;
        if (here() != '\\' && here() != '"') {
          mistake(line, fmt::format("the {} has a single backslash", subject),
                  R"(write \\ for \ and \" for ")");
          return std::nullopt;
        }
      }
      quoted += here();
    }
    ++at_;
    return quoted;
  }

  std::optional<Data> read_data() {
    skip_blanks();
    if (skip("-")) return Data{};
    if (here() == '"') return read_string();
    if (skip("dword:")) return read_dword();
    if (skip("hex:")) return read_hex(kTypeBinary);
    if (skip("hex(")) {
      const std::string_view rest = rest_of_line();
      const std::string_view digits = rest.substr(0, rest.find(')'));
      const auto type = hex_number(digits, kTypeDigitsMax);
      at_ += digits.size();
      if (type && skip("):")) return read_hex(*type);
      mistake(line_, fmt::format("\"hex({}\" is no type of data", shown(rest)),
              "write hex(N): with N as hexadecimal digits, as hex(2):");
      return std::nullopt;
    }
    mistake(line_, fmt::format("\"{}\" is no data", shown(rest_of_line())),
            R"(write "TEXT", dword:, hex:, hex(N): or -)");
    return std::nullopt;
  }

  std::optional<Data> read_string() {
    const int line = line_;
    const auto text = read_quoted("string", Lines::Many);
    if (!text) return std::nullopt;
    skip_blanks();
    if (line_ > line && !at_line_end() && here() != ';') {  // the next string's " closed it
      mistake(line, "the string is not closed", std::string(kCloseIt));
      return std::nullopt;
    }
    if (is_utf8(*text)) return String{*text};
    return Raw{kTypeString, with_end(to_utf16(*text))};
  }

  std::optional<Data> read_dword() {
    const std::string_view digits = trim(rest_of_line().substr(0, rest_of_line().find(';')));
    if (const auto number = hex_number(digits, kDwordDigitsMax)) {
      at_ = static_cast<size_t>(digits.data() + digits.size() - text_.data());
      return Dword{*number};
    }
    mistake(line_, fmt::format("\"{}\" is no dword", shown(digits)),
            "write one to eight hexadecimal digits");
    return std::nullopt;
  }

  std::optional<Data> read_hex(std::uint32_t type) {
    const int line = line_;
    auto bytes = read_bytes();
    if (!bytes) return std::nullopt;
    const bool text = type == kTypeString || type == kTypeExpandString || type == kTypeMultiString;
    if (!ansi_ || !text || bytes->empty()) return value_of(type, std::move(*bytes));
    const auto unicode =
        utf8_or_cp932({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    if (!unicode) {
      mistake(line, "the bytes are no text of code page 932",
              "export the key as Windows Registry Editor Version 5.00");
      return std::nullopt;
    }
    // Windows completes a string that REGEDIT4 gives without its end.
    const bool incomplete = type != kTypeMultiString && !unicode->ends_with('\0');
    const std::string utf16 = to_utf16(*unicode);
    return value_of(type, incomplete ? with_end(utf16) : Bytes{utf16.begin(), utf16.end()});
  }

  static Bytes with_end(std::string_view utf16) {
    Bytes bytes{utf16.begin(), utf16.end()};
    bytes.resize(bytes.size() + 2);
    return bytes;
  }

  // Pairs of digits with commas between, in one line or several.
  std::optional<Bytes> read_bytes() {
    Bytes bytes;
    bool complete = true;  // no byte has to follow
    for (;;) {
      skip_blanks();
      if (here() == '\\' && (bytes.empty() || !complete)) {
        if (!read_continuation()) return std::nullopt;
        continue;
      }
      if ((at_line_end() || here() == ';') && complete) return bytes;
      if (!bytes.empty() && complete) {
        if (!skip(",")) break;
        complete = false;
        continue;
      }
      const std::string_view rest = rest_of_line();
      const auto end = std::ranges::find_if(
          rest, [](char c) { return c == ',' || c == ';' || c == '\\' || is_blank(c); });
      const auto byte = hex_number({rest.begin(), end}, 2);
      if (!byte) break;
      bytes.push_back(static_cast<std::uint8_t>(*byte));
      at_ += static_cast<size_t>(end - rest.begin());
      complete = true;
    }
    mistake(line_,
            at_line_end() ? "the hexadecimal data end with a comma"
                          : fmt::format("\"{}\" is not hexadecimal data", shown(rest_of_line())),
            R"(write bytes as 0f,a1 and end the line with ,\ when they go on in the next)");
    return std::nullopt;
  }

  // From the backslash to the next line that has data.
  bool read_continuation() {
    ++at_;
    if (!read_line_end()) return false;
    for (; at_ < text_.size(); end_line()) {
      skip_blanks();
      if (!at_line_end() && here() != ';') return true;
    }
    mistake(line_, "the file ends within hexadecimal data", "export it again, or complete it");
    return false;
  }

  bool read_line_end() {
    skip_blanks();
    if (at_line_end() || here() == ';') {
      end_line();
      return true;
    }
    mistake(line_, fmt::format("\"{}\" follows the data", shown(rest_of_line())),
            R"(end the line; inside a string write \" for ", and a comment begins with ;)");
    return false;
  }

  std::string_view text_;
  Report report_;
  size_t at_ = 0;
  int line_ = 1;  // that of at_
  bool ansi_ = false;
  Place place_ = Place::BeforeKeys;
  std::optional<KeyPath> key_;
  std::vector<LineChange> changes_;
  size_t mistakes_ = 0;
};

}  // namespace

RegFile read_reg_file(const std::string& path, std::string_view bytes) {
  const auto text = decode_reg_file(path, bytes);
  if (!text) return {{}, {text.error()}};
  return Reader(path, *text).read();
}

}  // namespace tasuki::registry
