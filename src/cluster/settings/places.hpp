// Where what follows a group lies among the settings.
#pragma once

#include <string>
#include <vector>

#include "cluster/core/config.hpp"

namespace tasuki::settings {

// The ids of its registry keys and files, as the configuration names them.
std::vector<std::string> places_of(const core::Group& group);

}  // namespace tasuki::settings
