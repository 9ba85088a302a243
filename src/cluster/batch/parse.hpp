// Reads one statement of a batch file: a command line, or a block over several lines. cmd.exe never
// reads a script as a whole, because what a line says can depend on the lines before it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cluster/batch/line_source.hpp"
#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

// How deep blocks, ifs and fors may stand in one another; so that no file exhausts the stack.
inline constexpr int kNestingMax = 50;

struct Statement {
  std::optional<Node> node;   // none for empty lines, comments and labels
  size_t next_line = 0;       // the index of the line behind it
  size_t bytes = 0;           // of its text once expanded
  bool needs_moment = false;  // an expansion was incomplete without one
  std::vector<Fault> faults;  // reading goes on behind them, for those who want to know all
};

Statement parse_statement(const Script& script, size_t first_line, const ExpandLine& expand);

// Why `if` with one equals sign is no comparison; check tells it in the same words.
inline constexpr std::string_view kSingleEquals = "if compares with a single \"=\"";

}  // namespace tasuki::batch
