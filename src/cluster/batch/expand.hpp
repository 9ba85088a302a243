// What variables and arguments stand for. cmd.exe does this three times: %X% and %1 when a line or
// block is read, for's %v each time its body runs, and !X! (when asked for) right before a command.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/batch/environment.hpp"

namespace tasuki::batch {

// What only a clock and dice know, as cmd.exe would write it.
struct Moment {
  std::string date;    // 2026/10/05
  std::string time;    // 14:03:22.25
  std::string random;  // 0 to 32767
};

// Of a script or of a label that was called.
struct Arguments {
  std::vector<std::string> values;  // %0, %1, ... as written; shift drops the first
  std::string all;                  // %*, which shift does not change
  std::string script_path;          // what %~f0 is even behind a called label
  bool zero_shifted = false;        // %0 is an argument now

  [[nodiscard]] std::string_view value(size_t number) const;
};

// The variables of the for loops that are running: one letter each, whose case matters.
using LoopVariables = std::map<char, std::string>;

// Where names are looked up.
struct Scope {
  const Environment& environment;
  const Arguments& arguments;
  int errorlevel = 0;
  std::string_view folder;
  const std::optional<Moment>& moment;
};

struct Expansion {
  std::string text;
  bool needs_moment = false;         // a variable needs it and the scope has none yet
  std::optional<std::string> fault;  // what cmd.exe ends the script for, or Tasuki cannot do
  std::string advice = {};           // what to write instead; empty: it depends on where it is
};

// A variable's value, one of those that cmd.exe always has (ERRORLEVEL, CD, DATE, TIME, RANDOM)
// behind those that are set.
std::optional<std::string> find_value(std::string_view name, const Scope& scope);

// Phase 1: %X%, %X:~1,2%, %X:a=b%, %1, %*, %~dp0 and %% for one percent sign.
Expansion expand_percents(std::string_view line, const Scope& scope);

// Phase 4: %v and %~nxv of the loops; what is no loop's variable stays.
Expansion expand_loop_variables(std::string_view text, const LoopVariables& loops,
                                std::string_view folder);

// Phase 5: !X!, !X:~1,2! and !X:a=b!; a caret keeps the next character as it is.
Expansion expand_exclamations(std::string_view text, const Scope& scope);

// For looking at a script without running it: names stay, but each as one word without its edit,
// and %% becomes one percent sign.
// What such a line asks for that Tasuki does not look up is its fault.
Expansion keep_percents(std::string_view line);

}  // namespace tasuki::batch
