// `tasuki status` as text: one screen that answers whether all is well, what runs where and since
// when, and what would take over. What is wrong comes first, with what to do about it.
#pragma once

#include <string>

#include "cluster/cli/screen.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// From the answer of GET /v1/status.
std::string print_status(const Json& status, const Screen& screen);

// The tables of it alone.
std::string print_groups(const Json& status, const Screen& screen);
std::string print_nodes(const Json& status, const Screen& screen);

}  // namespace tasuki::cli
