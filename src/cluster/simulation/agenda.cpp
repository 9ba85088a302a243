#include "cluster/simulation/agenda.hpp"

#include <algorithm>

namespace tasuki::simulation {

void Agenda::at(Time time, Act act) {
  entries_.push_back({std::max(time, now_), next_number_++, std::move(act)});
  std::ranges::push_heap(entries_, Later{});
}

bool Agenda::step(Time until) {
  if (entries_.empty() || entries_.front().time > until) {
    now_ = std::max(now_, until);
    return false;
  }
  std::ranges::pop_heap(entries_, Later{});
  const Entry next = std::move(entries_.back());
  entries_.pop_back();
  now_ = next.time;
  ++steps_;
  next.act();
  return true;
}

}  // namespace tasuki::simulation
