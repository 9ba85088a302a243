// The tree of commands as plain values, read from CLI11's own. Help, manual page, docs/cli.md and
// completion are all made from it, so none of them can know a command that the others do not.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kit/result.hpp"

namespace CLI {
class App;
}

namespace tasuki::cli {

struct Argument {
  std::string name;    // "NODE" of a positional, "--to" of an option
  std::string letter;  // "-n", or empty
  std::string value;   // "NODE"; empty for a flag
  std::string meaning;
  bool positional = false;
  bool required = false;
  bool repeated = false;
  bool value_optional = false;  // as in --wait[=LIMIT]
};

struct Command {
  std::string path;     // "tasuki group move"
  std::string summary;  // one line
  std::string details;  // paragraphs, or empty
  std::vector<std::string> examples;
  std::vector<Argument> arguments;  // positionals first
  std::vector<Command> commands;

  // The last word of the path.
  [[nodiscard]] std::string name() const;
};

// Without what is hidden. A command's description is its summary, and after the first line's end
// its details; its footer has one example on each line.
Command describe(const CLI::App& app);

// The innermost command that the words name, from the tree's root on; a failure says which word
// names none, with what was perhaps meant.
Result<const Command*> find_command(const Command& root, std::span<const std::string> words);

// "tasuki group move GROUP [--to NODE] [--wait[=LIMIT]]"
std::string usage(const Command& command);

// "-n, --lines N", as it stands in front of the meaning.
std::string written_form(const Argument& argument);

struct ExitMeaning {
  int code = 0;
  std::string meaning;
};
std::vector<ExitMeaning> exit_meanings();

}  // namespace tasuki::cli
