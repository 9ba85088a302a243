#include "cluster/batch/loop.hpp"

#include <algorithm>

#include "cluster/batch/arithmetic.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// Letters a to z and A to Z: more cannot be named.
constexpr int kTokenMax = 52;

bool is_between(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.back() == quote;
}

std::vector<RowSource> line_sources(const For& loop, std::string_view set) {
  const auto options = parse_line_options(loop.options).value_or(LineOptions{});
  const char text_quote = options.use_back_quotes ? '\'' : '"';
  const char command_quote = options.use_back_quotes ? '`' : '\'';
  const std::string_view whole = trim(set);
  const std::string inner(whole.size() < 2 ? "" : whole.substr(1, whole.size() - 2));
  if (is_between(whole, text_quote)) return {LinesSource{inner}};
  if (is_between(whole, command_quote)) return {CommandSource{inner}};
  std::vector<RowSource> sources;
  for (const std::string& word : split_words(set))
    sources.emplace_back(FileSource{without_quotes(word)});
  return sources;
}

// "1,3-5*" into numbers.
bool parse_tokens(std::string_view text, LineOptions& options) {
  options.tokens.clear();
  options.rest = text.ends_with('*');
  if (options.rest) text.remove_suffix(1);
  if (text.ends_with(',')) text.remove_suffix(1);
  for (const std::string_view part :
       text.empty() ? std::vector<std::string_view>{} : split(text, ',')) {
    const size_t dash = part.find('-');
    const auto first = whole_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : whole_number(part.substr(dash + 1));
    if (!first || !last || *first < 1 || *last > kTokenMax) return false;
    for (int token = *first; token <= *last; ++token) options.tokens.push_back(token);
  }
  std::ranges::sort(options.tokens);
  return true;
}

Row tokens_of(std::string_view line, const LineOptions& options) {
  const auto is_end = [&options](char c) { return options.delimiters.contains(c); };
  const int last = options.tokens.empty() ? 0 : options.tokens.back();
  Row row;
  for (int number = 1; number <= last || options.rest; ++number) {
    while (!line.empty() && is_end(line.front())) line.remove_prefix(1);
    if (number > last) {
      row.emplace_back(line);
      break;
    }
    const auto* const end = std::ranges::find_if(line, is_end);
    const auto length = static_cast<size_t>(end - line.begin());
    if (std::ranges::binary_search(options.tokens, number))
      row.emplace_back(line.substr(0, length));
    line.remove_prefix(length);
  }
  return row;
}

}  // namespace

std::vector<RowSource> row_sources(const For& loop, std::string_view set) {
  if (loop.kind == LoopKind::text) return line_sources(loop, set);
  std::vector<RowSource> sources;
  for (const std::string& word : split_words(set)) {
    if (word.find_first_of("*?") != std::string::npos)
      sources.emplace_back(PatternSource{word});
    else
      sources.emplace_back(ItemSource{word});
  }
  return sources;
}

NumberRange number_range(std::string_view set) {
  std::vector<std::string> numbers = split_words(set);
  numbers.resize(3);
  return {leading_number(numbers[0]), leading_number(numbers[1]), leading_number(numbers[2])};
}

std::optional<int64_t> take_number(NumberRange& range) {
  if (range.step < 0 ? range.next < range.end : range.next > range.end) return std::nullopt;
  const int64_t number = range.next;
  range.next += range.step;
  return number;
}

std::optional<LineOptions> parse_line_options(std::string_view text) {
  LineOptions options;
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (!text.empty()) {
    const size_t blank = std::min(text.find(' '), text.size());
    std::string_view option = text.substr(0, blank);
    // Only behind the last option a blank can be a delimiter itself.
    if (starts_with_name(option, "delims=") && !text.substr(blank).contains('=') &&
        !starts_with_name(trim(text.substr(blank)), "usebackq"))
      option = text;
    const std::string_view value = option.substr(std::min(option.find('=') + 1, option.size()));
    if (starts_with_name(option, "delims="))
      options.delimiters = value;
    else if (starts_with_name(option, "eol="))
      options.comment = value.empty() ? '\0' : value.front();
    else if (starts_with_name(option, "skip="))
      options.skip = leading_number(value);
    else if (same_name(option, "usebackq"))
      options.use_back_quotes = true;
    else if (!starts_with_name(option, "tokens=") || !parse_tokens(value, options))
      return std::nullopt;
    text = text.substr(option.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return options;
}

std::vector<Row> rows_of_lines(std::string_view text, const LineOptions& options) {
  std::vector<Row> rows;
  int skipped = 0;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (skipped < options.skip) {
      ++skipped;
      continue;
    }
    if (line.empty() || (options.comment != 0 && line.front() == options.comment)) continue;
    Row row = tokens_of(line, options);
    if (!row.empty() && !std::ranges::all_of(row, &std::string::empty)) rows.push_back(row);
  }
  return rows;
}

}  // namespace tasuki::batch
