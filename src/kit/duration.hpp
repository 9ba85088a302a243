// Durations as people write them: a whole number and a unit, "600ms", "30s", "5m", "2h", "1d".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kit/result.hpp"

namespace tasuki {

using Milliseconds = std::chrono::milliseconds;

// Parses "<number><unit>" with unit ms, s, m, h or d. A number without a unit is refused.
Result<Milliseconds> parse_duration(std::string_view text);

// The shortest form that parses back to the same value: 600ms, 90s, 2m.
std::string format_duration(Milliseconds duration);

}  // namespace tasuki
