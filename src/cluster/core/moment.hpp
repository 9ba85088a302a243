// Moments of a clock that only measures: it never jumps, and nobody but its node reads it. Pure
// code is given them.
#pragma once

#include <chrono>

namespace tasuki::core {

using Moment = std::chrono::steady_clock::time_point;

}  // namespace tasuki::core
