#include "cluster/cli/simulate_times.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/timing.hpp"

namespace tasuki::cli {
namespace {

using simulation::Time;

// The milliseconds of every step of that name, of one group or, without one, of all.
std::vector<double> steps_named(const Json& failovers, const std::string& group,
                                const std::string& name) {
  std::vector<double> found;
  for (const Json& failover : failovers) {
    if (!group.empty() && failover.value("group", "") != group) continue;
    for (const Json& step : failover.value("steps", Json::array()))
      if (step.value("name", "") == name) found.push_back(step.value("ms", 0.0));
  }
  return found;
}

Time median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return std::chrono::duration_cast<Time>(std::chrono::duration<double, std::milli>(*middle));
}

std::string measured(size_t times) {
  return fmt::format("measured, median of {}", times);
}

}  // namespace

SimulatedTimes simulated_times(const core::Config& config, const Json& failovers) {
  SimulatedTimes times;
  if (const auto timing = core::derive_timing(config))
    times.known.push_back({"noticing a loss", Time(timing->detect), "derived from detect"});
  const auto proofs = steps_named(failovers, "", "proof (power off)");
  const bool fenced =
      std::ranges::any_of(config.nodes, [](const core::Node& node) { return !node.fence.empty(); });
  if (!proofs.empty()) {
    const Time usual = median(proofs);
    times.pace.power_off = {usual, usual, usual};
  }
  if (fenced)
    times.known.push_back({"switching a server off", times.pace.power_off.usual,
                           proofs.empty() ? "assumed" : measured(proofs.size())});
  for (const core::Group& group : config.groups)
    for (const core::Resource& resource : group.resources) {
      const std::string key = group.name.value + "/" + resource.name.value;
      const auto starts = steps_named(failovers, group.name.value, resource.name.value);
      if (!starts.empty()) times.pace.known_starts[key] = median(starts);
      times.known.push_back({"starting " + key,
                             simulation::start_range(times.pace, group.name, resource).usual,
                             starts.empty() ? "assumed" : measured(starts.size())});
    }
  return times;
}

Json to_json(const SimulatedTimes& times) {
  Json list = Json::array();
  for (const auto& known : times.known)
    list.push_back({{"what", known.what},
                    {"ms", std::chrono::duration<double, std::milli>(known.time).count()},
                    {"source", known.source}});
  return list;
}

}  // namespace tasuki::cli
