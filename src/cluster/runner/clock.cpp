#include "cluster/runner/clock.hpp"

#include <fmt/chrono.h>

namespace tasuki::runner {

std::string time_of_day(std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)), milliseconds);
}

}  // namespace tasuki::runner
