#include "cluster/simulation/local_clock.hpp"

namespace tasuki::simulation {

using std::chrono::nanoseconds;

core::Moment LocalClock::at(Time now) const {
  if (stands_) return shown_;
  const auto passed = static_cast<__int128>(nanoseconds(now - since_).count());
  return shown_ + nanoseconds(static_cast<int64_t>(passed * rate_ / kMillion));
}

Time LocalClock::when(core::Moment moment, Time now) const {
  const auto left = static_cast<__int128>(nanoseconds(moment - at(now)).count());
  if (left <= 0) return now;
  // Rounded up, so that the moment has come then.
  constexpr int64_t kNanosecondsPerTick = 1000;
  const auto passed = left * kMillion / rate_ / kNanosecondsPerTick + 1;
  return now + Time(static_cast<int64_t>(passed));
}

void LocalClock::stop(Time now) {
  shown_ = at(now);
  since_ = now;
  stands_ = true;
}

void LocalClock::go(Time now) {
  shown_ = at(now);
  since_ = now;
  stands_ = false;
}

}  // namespace tasuki::simulation
