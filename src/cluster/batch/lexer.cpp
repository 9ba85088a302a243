#include "cluster/batch/lexer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

bool ends_word(char c) {
  return is_delimiter(c) || std::string_view("\n&|<>").contains(c);
}

// Behind a keyword; "rem." and "if(" are keywords, "remote" and "iffy" are not.
bool ends_keyword(char c) {
  return ends_word(c) || std::string_view("().:/\\[").contains(c);
}

}  // namespace

void Lexer::skip_delimiters() {
  while (is_delimiter(source_.peek())) source_.advance();
}

void Lexer::skip_blanks() {
  while (is_blank(source_.peek())) source_.advance();
}

bool Lexer::take_keyword(std::string_view keyword) {
  const std::string_view rest = source_.rest();
  if (!starts_with_name(rest, keyword)) return false;
  if (rest.size() > keyword.size() && !ends_keyword(rest[keyword.size()])) return false;
  source_.advance(keyword.size());
  return true;
}

bool Lexer::take(std::string_view characters) {
  if (!source_.rest().starts_with(characters)) return false;
  source_.advance(characters.size());
  return true;
}

std::optional<char> Lexer::escaped() {
  source_.advance();
  if (source_.at_line_end() && !source_.next_line()) return std::nullopt;
  if (source_.at_line_end()) return std::nullopt;  // an empty line behind the caret
  const char c = source_.peek();
  source_.advance();
  return c;
}

std::string Lexer::word() {
  skip_delimiters();
  std::string word;
  bool quoted = false;
  while (!source_.at_line_end()) {
    const char c = source_.peek();
    if (!quoted && ends_word(c)) break;
    if (!quoted && c == '^') {
      if (const auto literal = escaped()) word += *literal;
      continue;
    }
    if (c == '"') quoted = !quoted;
    word += c;
    source_.advance();
  }
  return word;
}

bool Lexer::at_redirection() const {
  const std::string_view rest = source_.rest();
  const size_t place = !rest.empty() && is_digit(rest.front()) ? 1 : 0;
  return rest.size() > place && (rest[place] == '<' || rest[place] == '>');
}

Redirection Lexer::redirection(std::string& written) {
  const std::string before(source_.rest());
  const int line = source_.line();
  Redirection redirection;
  const bool digit = is_digit(source_.peek());
  if (digit) redirection.handle = source_.peek() - '0';
  if (digit) source_.advance();
  const bool input = source_.peek() == '<';
  source_.advance();
  if (!digit) redirection.handle = input ? 0 : 1;
  if (take("&"))
    redirection.kind = RedirectionKind::duplicate;
  else if (input)
    redirection.kind = RedirectionKind::input;
  else if (take(">"))
    redirection.kind = RedirectionKind::append;
  redirection.target = word();
  if (redirection.target.empty())
    source_.fault("the redirection does not say where to", "write a file's name behind it");
  // A caret may have led into the next line; then only what the target became is known.
  written += source_.line() == line ? before.substr(0, before.size() - source_.rest().size())
                                    : fmt::format("{}{}", input ? '<' : '>', redirection.target);
  return redirection;
}

Simple Lexer::command(std::vector<Redirection>& redirections, bool in_block) {
  Simple simple;
  bool quoted = false;
  bool between_words = true;  // a digit only is a handle's where a word begins
  while (!source_.at_line_end()) {
    const char c = source_.peek();
    if (!quoted && (c == '&' || c == '|' || (c == ')' && in_block))) break;
    const bool operates = c == '<' || c == '>' || (between_words && is_digit(c));
    if (!quoted && operates && at_redirection()) {
      redirections.push_back(redirection(simple.written));
      continue;
    }
    char taken = c;
    if (!quoted && c == '^') {
      const auto literal = escaped();
      if (!literal) continue;
      taken = *literal;
    } else {
      if (c == '"') quoted = !quoted;
      source_.advance();
    }
    between_words = is_delimiter(taken) && !quoted;
    simple.text += taken;
    simple.written += taken;
  }
  return simple;
}

std::optional<std::string> Lexer::loop_set() {
  std::string set;
  bool quoted = false;
  for (;;) {
    if (source_.at_line_end()) {
      if (!source_.next_line()) return std::nullopt;
      quoted = false;
      set += ' ';
      continue;
    }
    const char c = source_.peek();
    if (!quoted && c == '^') {
      if (const auto literal = escaped()) set += *literal;
      continue;
    }
    source_.advance();
    if (!quoted && c == ')') return set;
    if (c == '"') quoted = !quoted;
    set += c;
  }
}

void Lexer::skip_label_line() {
  const auto continues = [this] { return source_.rest().ends_with('^'); };
  while (continues() && source_.next_line()) continue;
  source_.skip_line();
}

}  // namespace tasuki::batch
