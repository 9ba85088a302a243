// What happened, as text: events, the timelines of failovers, the versions of the configuration.
#pragma once

#include <string>

#include "cluster/cli/screen.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// One event of GET /v1/events on a line.
std::string print_event(const Json& event, const Screen& screen);

// The failovers of GET /v1/timeline:
// detected +0 · decided +1 · proof (power off) +12 · partition-1 +48 · serving = 61 ms
std::string print_timeline(const Json& timeline, const Screen& screen);

// The versions of GET /v1/config/history.
std::string print_versions(const Json& history, const Screen& screen);

// The changes of POST /v1/config.
std::string print_changes(const Json& changes, const Screen& screen);

}  // namespace tasuki::cli
