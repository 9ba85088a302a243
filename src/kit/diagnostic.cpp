#include "kit/diagnostic.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki {
namespace {

// Behind those of the same line.
void insert_by_line(std::vector<Diagnostic>& diagnostics, Diagnostic diagnostic) {
  const auto place = std::ranges::upper_bound(diagnostics, diagnostic.line, {}, &Diagnostic::line);
  diagnostics.insert(place, std::move(diagnostic));
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  return fmt::format("{}:{}: {}; {}", diagnostic.file, diagnostic.line, diagnostic.what,
                     diagnostic.expected);
}

Json to_json(const Diagnostic& diagnostic) {
  return {{"file", diagnostic.file},
          {"line", diagnostic.line},
          {"what", diagnostic.what},
          {"expected", diagnostic.expected}};
}

void Report::mistake(int line, std::string what, std::string expected) {
  insert_by_line(mistakes_, {file_, line, std::move(what), std::move(expected)});
}

void Report::mistake(int line, const Error& error, std::string expected) {
  const size_t end = error.what.find("; ");
  if (end != std::string::npos) expected = error.what.substr(end + 2);
  mistake(line, error.what.substr(0, end), std::move(expected));
}

void Report::warning(int line, std::string what, std::string expected) {
  insert_by_line(warnings_, {file_, line, std::move(what), std::move(expected)});
}

bool Unique::add(const std::string& value, int line, Report& report) {
  const auto [first, added] = first_lines_.emplace(value, line);
  if (!added)
    report.mistake(line,
                   fmt::format("the {} \"{}\" is used twice, first in line {}", subject_, value,
                               first->second),
                   expected_);
  return added;
}

std::string suggest(std::string_view word, std::span<const std::string> known) {
  if (const auto nearest = nearest_word(word, known))
    return fmt::format("did you mean \"{}\"?", *nearest);
  std::set<std::string_view> seen;
  std::vector<std::string> once;  // names that the file gives twice are among the known ones
  for (const std::string& candidate : known)
    if (seen.insert(candidate).second) once.push_back(candidate);
  return once.empty() ? "there is none yet" : fmt::format("use {}", quoted_list(once));
}

std::string quoted_list(std::span<const std::string> words) {
  std::string list;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list += fmt::format("\"{}\"", words[i]);
  }
  return list;
}

}  // namespace tasuki
