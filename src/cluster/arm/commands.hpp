// Carries out an ARM command or net by asking tasukid on this server.
#pragma once

#include <string>
#include <vector>

#include "cluster/arm/command_line.hpp"
#include "cluster/arm/surroundings.hpp"

namespace tasuki::arm {

// The exit code. docs/arm-commands.md lists them.
int run(const Command& command, const Surroundings& surroundings);

// The same for a command line; a name or an option that is not known ends with 2.
int run_command_line(const std::string& name, const std::vector<std::string>& arguments,
                     const Surroundings& surroundings);

}  // namespace tasuki::arm
