// What a seed means: a cluster, and what befalls it. Everything is decided here in advance, so that
// a run can be repeated with fewer faults.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/simulation/world.hpp"

namespace tasuki::simulation {

struct Fault {
  Time time{};
  Sentence sentence;
  size_t number = 0;  // of two at the same time the lower comes first
};

// Faults have stopped before `since`: at `peace` every group that can run must run, and until
// `until` nothing may move.
struct Quiet {
  Time peace{};
  Time until{};
};

struct Scenario {
  uint64_t seed = 0;
  core::Config config;
  std::map<core::NodeId, Traits> traits;
  std::map<std::string, core::Config> other_configs;
  std::vector<Fault> faults;  // by time
  std::vector<Quiet> quiets;
  Time length{};
};

struct Size {
  uint32_t nodes = 0;  // 0: as the seed says
  uint32_t groups = 3;
  Time length = 60min;
};

Scenario make_scenario(uint64_t seed, const Size& size);

}  // namespace tasuki::simulation
