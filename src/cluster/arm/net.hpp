// What net prints. Its lines and exit codes are those that scripts and people know from Windows.
#pragma once

#include <string>

#include "cluster/arm/surroundings.hpp"
#include "kit/json.hpp"

namespace tasuki::arm {

enum class NetVerb { start, stop };

// The exit code of net start or net stop after `body` came with that HTTP status.
int print_net_outcome(const Surroundings& surroundings, NetVerb verb, const std::string& service,
                      unsigned status, const Json& body);
int print_net_list(const Surroundings& surroundings, const Json& body);

}  // namespace tasuki::arm
