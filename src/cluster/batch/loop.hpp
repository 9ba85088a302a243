// What a `for` goes over: its set taken apart, and the lines of `for /f` cut into tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

// The values of one round: of the loop's variable and, for `tokens=`, of the letters behind it.
using Row = std::vector<std::string>;

struct ItemSource {
  std::string text;
};
struct PatternSource {
  std::string pattern;  // has * or ?
};
struct FileSource {
  std::string path;
};
struct CommandSource {
  std::string command;
};
struct LinesSource {
  std::string text;
};
// Where rows come from, in order.
using RowSource = std::variant<ItemSource, PatternSource, FileSource, CommandSource, LinesSource>;

// Of `for`, `for /d` and `for /f`; `set` is the loop's, expanded.
std::vector<RowSource> row_sources(const For& loop, std::string_view set);

struct NumberRange {
  int64_t next = 0;
  int64_t step = 0;
  int64_t end = 0;
};
NumberRange number_range(std::string_view set);
// The next number, unless the end is passed.
std::optional<int64_t> take_number(NumberRange& range);

// The options of `for /f`; none when they make no sense.
struct LineOptions {
  std::vector<int> tokens{1};
  bool rest = false;  // "tokens=1*": what is left is one more
  std::string delimiters = " \t";
  char comment = ';';  // 0: none
  int skip = 0;
  bool use_back_quotes = false;
};
std::optional<LineOptions> parse_line_options(std::string_view text);

// Empty lines and comments give none.
std::vector<Row> rows_of_lines(std::string_view text, const LineOptions& options);

}  // namespace tasuki::batch
