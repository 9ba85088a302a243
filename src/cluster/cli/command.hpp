// The command `tasuki`: reads the command line and runs the verb it names.
#pragma once

#include <string>
#include <vector>

#include "cluster/api/contract.hpp"
#include "cluster/cli/terminal.hpp"

namespace tasuki::cli {

// `arguments` are those after the program's name.
api::Exit run_command(const std::vector<std::string>& arguments, Terminal& terminal);

}  // namespace tasuki::cli
