// What a script would do: the commands that it would run, in order, without running anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/batch/interpreter.hpp"

namespace tasuki::batch {

// Scripts that wait for something in a loop never come to an end when every command succeeds at
// once.
inline constexpr int kTraceStepsMax = 20'000;

struct TracedCommand {
  std::string file;
  int line = 0;
  std::string command;
};

struct Trace {
  std::vector<TracedCommand> commands;
  std::vector<std::string> notes;  // "FILE:LINE: ..."
  int exit_code = 0;
  std::optional<std::string> failure;  // why the script did not come to its end
};

// Answers what the script asks: what files there are, how commands end.
class Surroundings {
 public:
  Surroundings() = default;
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;
  virtual ~Surroundings() = default;
  virtual Answer answer(const Effect& effect) = 0;
};

// A batch file whose script the surroundings give is not a command of its own: its commands are.
Trace trace(Program program, Surroundings& surroundings);

}  // namespace tasuki::batch
