// The clocks of the runner: one for measuring, one for people.
#pragma once

#include <chrono>
#include <string>

#include "cluster/executor/time.hpp"

namespace tasuki::runner {

using Moment = std::chrono::steady_clock::time_point;
inline Moment now() {
  return std::chrono::steady_clock::now();
}

// The same as the executor's machines count it; equal for every process of one boot.
inline executor::Time machine_time() {
  return std::chrono::duration_cast<executor::Time>(now().time_since_epoch());
}

// The time of day in UTC, ISO 8601 with milliseconds: "2026-01-02T03:04:05.678Z".
std::string time_of_day(
    std::chrono::system_clock::time_point time = std::chrono::system_clock::now());

}  // namespace tasuki::runner
