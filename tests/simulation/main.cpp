// tasuki-sim: whole clusters in virtual time, with everything that can go wrong.
#include <cstdio>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/simulation/cases.hpp"
#include "tests/simulation/search.hpp"

namespace tasuki::simulation {
namespace {

struct Options {
  Search search;
  std::string seeds;
  int minutes = 60;
  bool story = false;
  bool planted = false;
  bool cases = false;
  bool rewrite = false;
  std::string lab_story;
  std::vector<std::string> names;
};

int run(Options& options) {
  options.search.size.length = std::chrono::minutes(options.minutes);
  if (options.planted) return catch_planted_bugs(options.names);
  if (options.cases)
    return run_cases(TASUKI_SIMULATION_FOLDER, options.names,
                     options.rewrite ? Expectation::rewrite : Expectation::compare);
  if (!options.lab_story.empty()) return tell_story(options.lab_story);
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) {
    fmt::print(stderr, "\"{}\" are no seeds; expected A..B, or one seed\n", options.seeds);
    return 2;
  }
  std::tie(options.search.first, options.search.last) = *seeds;
  if (options.story) print_story(make_scenario(options.search.first, options.search.size));
  return search(options.search);
}

}  // namespace
}  // namespace tasuki::simulation

int main(int argc, char** argv) {
  tasuki::simulation::Options options;
  options.search.threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App app{"Whole clusters in virtual time, with everything that can go wrong", "tasuki-sim"};
  app.add_option("--seeds", options.seeds, "A..B, or one seed: runs with random faults");
  app.add_option("--nodes", options.search.size.nodes, "how many; else 2 to 5, as the seed says");
  app.add_option("--groups", options.search.size.groups, "how many");
  app.add_option("--minutes", options.minutes, "how long a run lasts in virtual time")
      ->check(CLI::PositiveNumber);
  app.add_option("--threads", options.search.threads, "how many runs at once")
      ->check(CLI::PositiveNumber);
  app.add_flag("--json", options.search.json, "end with one JSON object");
  app.add_flag("--story", options.story, "tell everything of the first seed");
  app.add_flag("--planted", options.planted, "prove that planted bugs are caught");
  app.add_flag("--cases", options.cases, "run the cases");
  app.add_flag("--rewrite", options.rewrite, "write what the cases tell as what is expected");
  app.add_option("--lab-story", options.lab_story, "the folder of a lab case with a story");
  app.add_option("NAME", options.names, "of cases or planted bugs: only these");
  app.require_option(1, 0);
  CLI11_PARSE(app, argc, argv);
  return tasuki::simulation::run(options);
}
