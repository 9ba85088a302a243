// What a command finds around it: its terminal, its environment, the clock. Tests give their own.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace tasuki::arm {

struct Surroundings {
  std::string socket = "/run/tasuki/control.sock";
  std::map<std::string, std::string> environment;
  std::string working_directory = "/";
  std::string user = "root";
  std::string tasuki = "tasuki";                          // the program that runs batch files
  std::function<void(const std::string& line)> say;       // standard output
  std::function<void(const std::string& line)> complain;  // standard error
  std::function<void(std::chrono::milliseconds)> sleep;

  // Of the group in whose script or shell the command was called; empty outside one.
  [[nodiscard]] std::string group() const;
};

// Those of this process.
Surroundings process_surroundings();

// The absolute path of a program, looked for as a shell does and then as a batch file does: in any
// case, with ".exe" or ".bat" left out. Nothing when there is none.
std::optional<std::string> find_program(const std::string& name, const Surroundings& surroundings);

}  // namespace tasuki::arm
