#include "cluster/clp/toml.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::clp {
namespace {

constexpr size_t kNameBytesMax = 63;  // config::is_name()
constexpr size_t kNumberedBytesMax = 50;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A "-" for each stretch of characters that a name cannot have; none at either end.
std::string plain_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted) {
    const bool fits = is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
    if (fits)
      name += c;
    else if (!name.ends_with('-'))
      name += '-';
  }
  const auto first = std::ranges::find_if(name, is_letter_or_digit);
  name.erase(name.begin(), first);
  if (name.size() > kNameBytesMax) name.resize(kNameBytesMax);
  while (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string toml_array(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  parts.reserve(texts.size());
  for (const std::string& text : texts) parts.push_back(toml_string(text));
  return fmt::format("[{}]", join(parts, ", "));
}

std::string origin(const Element& element) {
  return fmt::format("{} (line {})", path_of(element), element.line);
}

void Toml::comment(std::string_view line) {
  text_ += fmt::format("# {}\n", line);
}

void Toml::header(std::string_view header) {
  text_ += fmt::format("{}\n", header);
}

void Toml::set(std::string_view key, std::string_view value, std::string_view remark) {
  text_ += fmt::format("{} = {}", key, value);
  if (!remark.empty()) text_ += fmt::format("  # {}", remark);
  text_ += '\n';
}

void Toml::set_text(std::string_view key, const Element& element) {
  set(key, toml_string(element.text), origin(element));
}

std::string Names::give(std::string_view wanted, const std::string& stem) {
  std::string name = plain_name(wanted);
  const bool bare_ascii =
      std::ranges::none_of(wanted, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const bool says_something = bare_ascii && !name.empty();
  if (!says_something) name = stem;
  for (;;) {
    const int before = given_[name]++;
    if (before == 0 && says_something) return name;
    // Its place among those of this name, which may itself be taken.
    const std::string numbered =
        fmt::format("{}-{}", name.substr(0, kNumberedBytesMax), before + 1);
    if (given_.try_emplace(numbered, 1).second) return numbered;
  }
}

}  // namespace tasuki::clp
