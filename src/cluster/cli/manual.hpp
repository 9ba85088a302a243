// The reference in its three forms: help on the screen, the manual page tasuki(1), docs/cli.md.
#pragma once

#include <string>

#include "cluster/cli/reference.hpp"

namespace tasuki::cli {

std::string print_help(const Command& command);

// In the man macros (man(7)).
std::string print_manual_page(const Command& root);

std::string print_markdown(const Command& root);

}  // namespace tasuki::cli
