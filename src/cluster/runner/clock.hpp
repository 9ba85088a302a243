// The clocks of the runner: one for measuring, one for people.
#pragma once

#include <chrono>
#include <string>

namespace tasuki::runner {

using Moment = std::chrono::steady_clock::time_point;
inline Moment now() {
  return std::chrono::steady_clock::now();
}

// The time of day in UTC, ISO 8601 with milliseconds: "2026-01-02T03:04:05.678Z".
std::string time_of_day();

}  // namespace tasuki::runner
