#include "cluster/batch/listing.hpp"

#include <algorithm>
#include <array>

#include "cluster/batch/command.hpp"
#include "cluster/batch/expand.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

// “ ” „ ‟ and the full-width quote.
constexpr std::array<std::string_view, 5> kCurlyQuotes{"\u201C", "\u201D", "\u201E", "\u201F",
                                                       "\uFF02"};

// The curly quote that stands at the front, or nothing.
std::string_view curly_quote(std::string_view text) {
  for (const std::string_view quote : kCurlyQuotes)
    if (text.starts_with(quote)) return quote;
  return {};
}

std::string straighten(std::string_view text) {
  std::string straight;
  bool quoted = false;  // by a straight quote
  while (!text.empty()) {
    const std::string_view curly = quoted ? std::string_view{} : curly_quote(text);
    if (text.front() == '"') quoted = !quoted;
    straight += curly.empty() ? text.front() : '"';
    text.remove_prefix(std::max<size_t>(curly.size(), 1));
  }
  return straight;
}

}  // namespace

size_t Listing::statement_at(size_t line) const {
  const auto found = std::ranges::upper_bound(statements, line, {}, &Statement::next_line);
  return static_cast<size_t>(found - statements.begin());
}

Listing list_statements(ScriptPointer script, CurlyQuotes curly_quotes) {
  const ExpandLine expand = [curly_quotes](std::string_view line) {
    Expansion kept = keep_percents(line);
    if (curly_quotes == CurlyQuotes::straightened) kept.text = straighten(kept.text);
    return kept;
  };
  Listing listing{std::move(script), {}};
  for (size_t line = 0; line < listing.script->lines.size();) {
    listing.statements.push_back(parse_statement(*listing.script, line, expand));
    line = listing.statements.back().next_line;
  }
  return listing;
}

bool has_curly_quotes(std::string_view text) {
  bool quoted = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '"') quoted = !quoted;
    if (!quoted && !curly_quote(text).empty()) return true;
  }
  return false;
}

void visit(const Node& node, const std::function<void(const Node&)>& visitor) {
  visitor(node);
  for (const Node& child : node.children) visit(child, visitor);
}

void visit(const Listing& listing, const std::function<void(const Node&)>& visitor) {
  for (const Statement& statement : listing.statements)
    if (statement.node) visit(*statement.node, visitor);
}

Invocation invocation(const Node& simple) {
  const CommandText taken = take_apart(std::get<Simple>(simple.content).text);
  const std::string_view rest = trim_delimiters(taken.arguments);
  if (!same_name(taken.name, "call") || rest.starts_with(':'))
    return {simple.line, taken.name, taken.arguments, false};
  const CommandText inner = take_apart(rest);
  return {simple.line, inner.name, inner.arguments, true};
}

std::string jump_target(const Invocation& invocation) {
  const bool calls = same_name(invocation.name, "call");
  if (!calls && !same_name(invocation.name, "goto")) return {};
  std::string_view target = trim_delimiters(invocation.arguments);
  const bool colon = target.starts_with(':');
  if (colon) target.remove_prefix(1);
  const std::string_view name = label_name(target);
  if (colon && same_name(name, "eof")) return ":EOF";
  return std::string(name);
}

bool has_variables(std::string_view text) {
  return text.find_first_of("%!") != std::string_view::npos;
}

}  // namespace tasuki::batch
