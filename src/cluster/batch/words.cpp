#include "cluster/batch/words.hpp"

#include <algorithm>

namespace tasuki::batch {
namespace {

template <class IsSeparator>
std::vector<std::string> split_outside_quotes(std::string_view text, IsSeparator is_separator) {
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (const char c : text) {
    if (!quoted && is_separator(c)) {
      in_word = false;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!in_word) words.emplace_back();
    in_word = true;
    words.back() += c;
  }
  return words;
}

}  // namespace

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_delimiter(char c) {
  return is_blank(c) || c == ',' || c == ';' || c == '=' || c == '\v' || c == '\f';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) { return lower(c); });
  return lowered;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_name(std::string_view text, std::string_view start) {
  return same_name(text.substr(0, start.size()), start);
}

std::string_view unquoted(std::string_view word) {
  if (word.starts_with('"')) word.remove_prefix(1);
  if (word.ends_with('"')) word.remove_suffix(1);
  return word;
}

std::string without_quotes(std::string_view word) {
  std::string bare(word);
  std::erase(bare, '"');
  return bare;
}

std::string_view trim_delimiters(std::string_view text) {
  while (!text.empty() && is_delimiter(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_delimiter(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split_words(std::string_view text) {
  return split_outside_quotes(text, is_delimiter);
}

std::vector<std::string> split_by_blanks(std::string_view text) {
  return split_outside_quotes(text, is_blank);
}

std::string fold_blanks(std::string_view text) {
  std::string folded;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    const bool blank = !quoted && is_blank(c);
    if (blank && (folded.empty() || folded.back() == ' ')) continue;
    folded += blank ? ' ' : c;
  }
  while (!folded.empty() && is_blank(folded.back())) folded.pop_back();
  return folded;
}

}  // namespace tasuki::batch
