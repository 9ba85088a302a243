// The scheduled backups as people read them.
#pragma once

#include <string>

#include "cluster/cli/screen.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// `answer` is that of GET /v1/backups.
std::string print_backups(const Json& answer, const Screen& screen);

}  // namespace tasuki::cli
