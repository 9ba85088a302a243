// The lab's status as people read it.
#pragma once

#include <string>

#include "kit/json.hpp"

namespace tasuki::lab {

// `status` is the answer to "status" of control.hpp.
std::string status_text(const Json& status);

}  // namespace tasuki::lab
