// tasuki-sim: whole clusters in virtual time, with everything that can go wrong.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "kit/json.hpp"
#include "kit/text.hpp"
#include "tests/simulation/run.hpp"

namespace tasuki::simulation {
namespace {

struct Options {
  std::string seeds;
  Size size;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
  bool story = false;
};

struct Totals {
  uint64_t runs = 0;
  Time simulated{};
  uint64_t steps = 0;
  uint64_t violations = 0;
  double seconds = 0;
};

void print_story(const Scenario& scenario) {
  Story story(scenario.config);
  const Outcome outcome = run_scenario(scenario, {}, [&](const Line& line) { story.add(line); });
  for (const std::string& line : story.lines()) fmt::print("  {}\n", line);
  if (outcome.violation)
    fmt::print("  violated ({}): {}\n", outcome.violation->invariant, outcome.violation->what);
}

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
}

Totals run_seeds(uint64_t first, uint64_t last, const Options& options) {
  Totals totals;
  std::mutex mutex;
  std::atomic<uint64_t> next{first};
  const auto begun = std::chrono::steady_clock::now();
  const auto work = [&] {
    for (uint64_t seed = next++; seed <= last; seed = next++) {
      const Scenario scenario = make_scenario(seed, options.size);
      const Outcome outcome = run_scenario(scenario);
      const std::lock_guard guard(mutex);
      ++totals.runs;
      totals.simulated += outcome.simulated;
      totals.steps += outcome.steps;
      if (outcome.violation) {
        ++totals.violations;
        print_violation(scenario, *outcome.violation);
      }
      if (totals.runs % 100 == 0) {
        fmt::print("{} of {} runs, {} violations\n", totals.runs, last - first + 1,
                   totals.violations);
        std::fflush(stdout);
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
  }
  totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return totals;
}

int search(const Options& options) {
  const auto dots = options.seeds.find("..");
  const uint64_t first = std::stoull(options.seeds);
  const uint64_t last =
      dots == std::string::npos ? first : std::stoull(options.seeds.substr(dots + 2));
  const Totals totals = run_seeds(first, last, options);
  if (options.story && first == last) print_story(make_scenario(first, options.size));
  const double hours = std::chrono::duration<double, std::ratio<3600>>(totals.simulated).count();
  fmt::print("{} runs, {:.1f} simulated hours, {} violations, {:.1f} s ({} steps)\n", totals.runs,
             hours, totals.violations, totals.seconds, totals.steps);
  if (options.json)
    fmt::print("{}\n", Json{{"runs", totals.runs},
                            {"simulated_hours", hours},
                            {"violations", totals.violations},
                            {"seconds", totals.seconds}}
                           .dump());
  return totals.violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tasuki::simulation

int main(int argc, char** argv) {
  using namespace tasuki::simulation;
  Options options;
  int minutes = 60;
  CLI::App app{"Whole clusters in virtual time, with everything that can go wrong", "tasuki-sim"};
  app.add_option("--seeds", options.seeds, "A..B, or one seed")->required();
  app.add_option("--nodes", options.size.nodes, "how many; by default 2 to 5, as the seed says");
  app.add_option("--groups", options.size.groups, "how many");
  app.add_option("--minutes", minutes, "how long each run lasts in virtual time");
  app.add_option("--threads", options.threads, "how many runs at once");
  app.add_flag("--json", options.json, "end with one JSON object");
  app.add_flag("--story", options.story, "of a single seed: everything that was told");
  CLI11_PARSE(app, argc, argv);
  options.size.length = std::chrono::minutes(minutes);
  return search(options);
}
