// Warnings that only the server itself can give: whether its lease would prove anything.
#pragma once

#include <string>
#include <vector>

#include "cluster/config/parse.hpp"

namespace tasuki::cli {

// What this machine is.
struct ThisMachine {
  std::vector<std::string> addresses;
  bool virtual_machine = false;
  bool watchdog = false;
};
ThisMachine look_at_this_machine();

// Adds a warning when the machine is a node that may have a shared partition and has no power
// switch, and nothing but a word could prove that it is dead. What the configuration says of
// `machine` is believed.
void add_machine_warnings(config::ParseOutcome& outcome, const std::string& file,
                          const ThisMachine& machine);

}  // namespace tasuki::cli
