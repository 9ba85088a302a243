// Why things are as they are, as text.
#pragma once

#include <string>

#include "cluster/cli/screen.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

// The explanations of GET /v1/explain/{name}.
std::string print_explanations(const Json& answer, const Screen& screen);

}  // namespace tasuki::cli
