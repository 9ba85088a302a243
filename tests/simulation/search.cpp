#include "tests/simulation/search.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "cluster/simulation/story.hpp"
#include "kit/json.hpp"
#include "tests/simulation/planted_bugs.hpp"

namespace tasuki::simulation {
namespace {

constexpr uint64_t kTellEvery = 100;  // runs
// A planted bug that stays hidden for so many runs is not watched for.
constexpr uint64_t kPlantedSeeds = 100;
constexpr Time kPlantedLength = 15min;

struct Totals {
  uint64_t runs = 0;
  uint64_t steps = 0;
  uint64_t violations = 0;
  Time simulated{};
  double seconds = 0;
};

void print_violation(const Scenario& scenario, const Violation& violation) {
  fmt::print("seed {}: violated ({}): {}\n", scenario.seed, violation.invariant, violation.what);
  std::fflush(stdout);
  const Scenario shrunk = shrink(scenario, violation);
  fmt::print("with {} of {} faults:\n", shrunk.faults.size(), scenario.faults.size());
  for (const Fault& fault : shrunk.faults)
    fmt::print("  {:.3f}s {}\n", std::chrono::duration<double>(fault.time).count(),
               to_text(fault.sentence, scenario.config));
  fmt::print("the story:\n");
  print_story(shrunk);
  std::fflush(stdout);
}

Totals run_all(const Search& search) {
  Totals totals;
  std::mutex mutex;
  std::atomic<uint64_t> next{search.first};
  const auto begun = std::chrono::steady_clock::now();
  const auto work = [&] {
    for (uint64_t seed = next++; seed <= search.last; seed = next++) {
      const Scenario scenario = make_scenario(seed, search.size);
      const Outcome outcome = run_scenario(scenario);
      const std::lock_guard guard(mutex);
      ++totals.runs;
      totals.simulated += outcome.simulated;
      totals.steps += outcome.steps;
      if (outcome.violation) {
        ++totals.violations;
        print_violation(scenario, *outcome.violation);
      }
      if (totals.runs % kTellEvery != 0) continue;
      fmt::print("{} of {} runs, {} violations\n", totals.runs, search.last - search.first + 1,
                 totals.violations);
      std::fflush(stdout);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < search.threads; ++i) threads.emplace_back(work);
  }
  totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return totals;
}

// The seed and the invariant that caught it.
std::optional<std::pair<uint64_t, Violation>> catch_bug(const PlantedBug& bug) {
  for (uint64_t seed = bug.seed; seed < bug.seed + kPlantedSeeds; ++seed) {
    const Scenario scenario = make_scenario(seed, {0, 3, kPlantedLength});
    const auto violation = run_scenario(scenario, bug.hooks()).violation;
    if (!violation ||
        std::ranges::find(bug.invariants, violation->invariant) == bug.invariants.end())
      continue;
    // It is the bug that was caught, and not something that is there without it.
    if (!run_scenario(scenario).violation) return std::pair(seed, *violation);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::pair<uint64_t, uint64_t>> parse_seeds(const std::string& text) {
  std::pair<uint64_t, uint64_t> seeds{};
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, seeds.first);
  if (read.ec != std::errc()) return std::nullopt;
  seeds.second = seeds.first;
  if (read.ptr == end) return seeds;
  if (std::string_view(read.ptr, end).substr(0, 2) != "..") return std::nullopt;
  read = std::from_chars(read.ptr + 2, end, seeds.second);
  if (read.ec != std::errc() || read.ptr != end || seeds.second < seeds.first) return std::nullopt;
  return seeds;
}

void print_story(const Scenario& scenario, const Hooks& hooks) {
  Story story(scenario.config);
  const Outcome outcome = run_scenario(scenario, hooks, [&](const Line& line) { story.add(line); });
  for (const std::string& line : story.lines()) fmt::print("  {}\n", line);
  if (outcome.violation)
    fmt::print("  violated ({}): {}\n", outcome.violation->invariant, outcome.violation->what);
}

int search(const Search& search) {
  const Totals totals = run_all(search);
  const double hours = std::chrono::duration<double, std::ratio<3600>>(totals.simulated).count();
  fmt::print("seeds {}..{}: {} runs, {:.1f} simulated hours, {} violations, {:.1f} s ({} steps)\n",
             search.first, search.last, totals.runs, hours, totals.violations, totals.seconds,
             totals.steps);
  if (search.json)
    fmt::print("{}\n", Json{{"runs", totals.runs},
                            {"simulated_hours", hours},
                            {"violations", totals.violations},
                            {"seconds", totals.seconds}}
                           .dump());
  return totals.violations == 0 ? 0 : 1;
}

int catch_planted_bugs(const std::vector<std::string>& only) {
  int missed = 0;
  for (const PlantedBug& bug : planted_bugs()) {
    if (!only.empty() && std::ranges::find(only, bug.name) == only.end()) continue;
    const auto caught = catch_bug(bug);
    if (!caught) ++missed;
    fmt::print("{:<7} {}: {}{}\n", caught ? "caught" : "MISSED", bug.name, bug.meaning,
               caught ? fmt::format(" (seed {}, {}: {})", caught->first, caught->second.invariant,
                                    caught->second.what)
                      : "");
    std::fflush(stdout);
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace tasuki::simulation
