// A node's own clock: a little too fast or too slow, and standing still while the node is paused.
// It shows what CLOCK_MONOTONIC shows there.
#pragma once

#include <cstdint>

#include "cluster/core/moment.hpp"
#include "cluster/simulation/time.hpp"

namespace tasuki::simulation {

class LocalClock {
 public:
  // `drift` in millionths: 200 runs 0.2 ms per second too fast.
  explicit LocalClock(int64_t drift = 0) : rate_(kMillion + drift) {}

  [[nodiscard]] core::Moment at(Time now) const;
  // When it will show that moment at the earliest, if it is not stopped before.
  [[nodiscard]] Time when(core::Moment moment, Time now) const;
  void stop(Time now);
  void go(Time now);
  [[nodiscard]] bool stands() const { return stands_; }

 private:
  static constexpr int64_t kMillion = 1'000'000;
  int64_t rate_;
  core::Moment shown_{std::chrono::hours(1)};  // at since_
  Time since_{};
  bool stands_ = false;
};

}  // namespace tasuki::simulation
