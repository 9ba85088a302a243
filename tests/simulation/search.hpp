// Looks for seeds that break something, and proves that it would find them.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/run.hpp"

namespace tasuki::simulation {

struct Search {
  uint64_t first = 1;
  uint64_t last = 1;
  Size size;
  unsigned threads = 1;
  bool json = false;
};

// "A..B", or one seed.
std::optional<std::pair<uint64_t, uint64_t>> parse_seeds(const std::string& text);
// Prints progress, every violation with its shrunk faults and story, and the totals. The exit code.
int search(const Search& search);
// Everything that is told in the run of one seed.
void print_story(const Scenario& scenario, const Hooks& hooks = {});

// Runs every planted bug until it is caught; prints by which invariant and seed. The exit code.
int catch_planted_bugs(const std::vector<std::string>& only);

}  // namespace tasuki::simulation
