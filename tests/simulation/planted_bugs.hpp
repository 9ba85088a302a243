// Bugs that are put into a run on purpose, each falsifying one thing that passes between the
// production code and the simulated world, to prove that every invariant can fail and is watched.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/simulation/surroundings.hpp"

namespace tasuki::simulation {

struct PlantedBug {
  std::string name;
  uint64_t seed;  // where it was caught; looked at first
  std::string meaning;
  std::vector<std::string> invariants;  // one of these must be violated
  std::function<Hooks()> hooks;
};

const std::vector<PlantedBug>& planted_bugs();

}  // namespace tasuki::simulation
