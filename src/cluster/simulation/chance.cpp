#include "cluster/simulation/chance.hpp"

namespace tasuki::simulation {

Chance::Chance(uint64_t seed) : random_(true), state_(seed) {}

// SplitMix64 (Steele, Lea, Flood 2014): small, and equal with every standard library.
uint64_t Chance::next() {
  state_ += 0x9e3779b97f4a7c15U;
  uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

size_t Chance::pick(size_t below) {
  return random_ && below > 1 ? static_cast<size_t>(next() % below) : 0;
}

// Mostly near the usual; one time in eight anything that is possible.
Time Chance::take(const Range& range) {
  if (!random_) return range.usual;
  const bool unusual = one_in(8);
  const Time least = unusual ? range.least : (range.least + range.usual) / 2;
  const Time most = unusual ? range.most : range.usual + (range.usual - range.least) / 2;
  const auto span = static_cast<size_t>((most - least).count());
  return least + Time(static_cast<int64_t>(pick(span + 1)));
}

}  // namespace tasuki::simulation
