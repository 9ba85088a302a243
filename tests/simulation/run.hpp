// One run of a scenario, from its seed, with everything checked.
#pragma once

#include <functional>
#include <optional>

#include "tests/simulation/checks.hpp"
#include "tests/simulation/scenario.hpp"

namespace tasuki::simulation {

struct Outcome {
  std::optional<Violation> violation;
  Time simulated{};
  uint64_t steps = 0;
};

// An hour of faults takes some hundred thousand.
inline constexpr uint64_t kStepsMax = 1'000'000;

Outcome run_scenario(const Scenario& scenario, const Hooks& hooks = {},
                     const std::function<void(const Line&)>& log = {},
                     uint64_t steps_max = kStepsMax);

// The scenario with as few faults as still bring the same violation.
Scenario shrink(const Scenario& scenario, const Violation& violation, const Hooks& hooks = {});

}  // namespace tasuki::simulation
