// The registry's keys and values as text.
#pragma once

#include <string>

#include "cluster/cli/screen.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// A key of GET /v1/registry?key=.
std::string print_key(const Json& key, const Screen& screen);

// The keys that follow groups, of GET /v1/registry.
std::string print_followed_keys(const Json& answer, const Screen& screen);

// One event of GET /v1/registry/follow on a line.
std::string print_registry_event(const Json& event);

}  // namespace tasuki::cli
