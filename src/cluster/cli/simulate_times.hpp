// How long things take for `tasuki simulate`: as they did in the recorded failovers, else as they
// are derived or assumed; of each it is said which.
#pragma once

#include <string>
#include <vector>

#include "cluster/simulation/pace.hpp"
#include "kit/json.hpp"

namespace tasuki::cli {

struct SimulatedTimes {
  struct Known {
    std::string what;
    simulation::Time time{};
    std::string source;  // "measured, median of 3", "derived from detect", "assumed"
  };
  simulation::Pace pace;
  std::vector<Known> known;
};

// `failovers`: the records of /v1/timeline; may be empty.
SimulatedTimes simulated_times(const core::Config& config, const Json& failovers);

Json to_json(const SimulatedTimes& times);

}  // namespace tasuki::cli
