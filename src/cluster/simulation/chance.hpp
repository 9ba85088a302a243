// Everything that is left to chance in a run comes from here: from a seed, or not at all, when a
// run is to show what usually happens.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cluster/simulation/time.hpp"

namespace tasuki::simulation {

// How long something takes.
struct Range {
  Time least{};
  Time usual{};
  Time most{};
};

class Chance {
 public:
  // Everything takes its usual time, and the first of several possibilities is taken.
  static Chance none() { return Chance(); }
  explicit Chance(uint64_t seed);

  // [0, below)
  size_t pick(size_t below);
  bool one_in(size_t times) { return random_ && pick(times) == 0; }
  Time take(const Range& range);
  [[nodiscard]] bool random() const { return random_; }

 private:
  Chance() = default;
  uint64_t next();

  bool random_ = false;
  uint64_t state_ = 0;
};

}  // namespace tasuki::simulation
