// What a lab's folder keeps of the configuration from one `lab up` to the next. The rule: a node
// that has an applied configuration reads no file, so a file that it would ignore is refused.
#pragma once

#include <string>

#include "cluster/lab/places.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

// Success: the nodes have nothing applied yet, or `text` (of `file`, for the message) is the
// version that was applied last, or what the lab was last brought up with.
Result<void> check_kept_config(const Places& places, const std::string& text,
                               const std::string& file);

// Keeps what the lab is being brought up with.
Result<void> keep_given_config(const Places& places, const std::string& text);

}  // namespace tasuki::lab
