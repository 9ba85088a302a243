// A script read for looking at it, not for running it: every statement, with variables left as
// names.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/batch/parse.hpp"
#include "cluster/batch/script.hpp"

namespace tasuki::batch {

struct Listing {
  ScriptPointer script;
  std::vector<Statement> statements;  // in file order

  // Of the statement that the line (an index) belongs to.
  [[nodiscard]] size_t statement_at(size_t line) const;
};

enum class CurlyQuotes { kept, straightened };

// Straightened, what stands between curly quotes is read as whoever wrote it meant it.
Listing list_statements(ScriptPointer script, CurlyQuotes curly_quotes);

// Curly double quotes that no straight ones enclose. In those they are plain text.
bool has_curly_quotes(std::string_view text);

// The node and all below it, in the order of the text.
void visit(const Node& node, const std::function<void(const Node&)>& visitor);
void visit(const Listing& listing, const std::function<void(const Node&)>& visitor);

// What a command runs, seen through `call`.
struct Invocation {
  int line = 0;
  std::string name;
  std::string arguments;
  bool called = false;
};
Invocation invocation(const Node& simple);

// The label that a goto or `call :label` goes to, ":EOF" for the script's end; empty for other
// commands.
std::string jump_target(const Invocation& invocation);

// Whether a text has variables in it, so that only running it shows what it is.
bool has_variables(std::string_view text);

}  // namespace tasuki::batch
