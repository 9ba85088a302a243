// What only a fence agent can say about the settings that a configuration gives it.
#pragma once

#include <string>

#include "cluster/config/parse.hpp"

namespace tasuki::cli {

// Asks the agents that the configuration names; what they do not understand becomes a warning. One
// that is given by its path is not asked: a file that is only checked must not make programs run.
// Nor is the lab's, which only a lab has.
void add_fence_warnings(config::ParseOutcome& outcome, const std::string& file);

}  // namespace tasuki::cli
