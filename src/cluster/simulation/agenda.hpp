// What is going to happen, by virtual time. Things of the same moment happen in the order in which
// they were entered, so a run can be repeated exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "cluster/simulation/time.hpp"

namespace tasuki::simulation {

using Act = std::function<void()>;

class Agenda {
 public:
  [[nodiscard]] Time now() const { return now_; }
  void at(Time time, Act act);
  void after(Time delay, Act act) { at(now_ + delay, std::move(act)); }
  // The next thing, if it is not later than `until`; else the time becomes `until`, and false.
  bool step(Time until);
  [[nodiscard]] uint64_t steps() const { return steps_; }

 private:
  struct Entry {
    Time time;
    uint64_t number;
    Act act;
  };
  struct Later {
    bool operator()(const Entry& one, const Entry& other) const {
      return one.time != other.time ? one.time > other.time : one.number > other.number;
    }
  };
  std::vector<Entry> entries_;  // a heap
  Time now_{};
  uint64_t next_number_ = 0;
  uint64_t steps_ = 0;
};

}  // namespace tasuki::simulation
