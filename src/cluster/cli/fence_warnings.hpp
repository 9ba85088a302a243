// What only a fence agent can say about the settings that a configuration gives it.
#pragma once

#include <string>

#include "cluster/config/parse.hpp"

namespace tasuki::cli {

// Asks the agents that the configuration names; what they do not understand becomes a warning, and
// that one is not there or cannot be asked. A path's program is run only when its name begins as
// agents' names do: a file that is only checked must not make just any program run. The lab's is
// not asked, which only a lab has.
void add_fence_warnings(config::ParseOutcome& outcome, const std::string& file);

}  // namespace tasuki::cli
