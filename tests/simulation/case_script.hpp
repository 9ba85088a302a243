// The script of a case: which cluster, and what befalls it when.
//
//     cluster pair-witness      the file clusters/pair-witness.toml
//     off sv2                   not switched on at the beginning
//     no-watchdog sv1           nothing resets it when it hangs
//     10s lose sv1              a sentence at its time
//     end 60s
#pragma once

#include <string>
#include <vector>

#include "kit/result.hpp"
#include "tests/simulation/scenario.hpp"

namespace tasuki::simulation {

struct CaseScript {
  core::Config config;
  std::map<core::NodeId, Traits> traits;
  std::vector<core::NodeId> off;
  std::map<std::string, core::Config> other_configs;
  std::vector<Fault> faults;
  Time end{};
};

// An error names the line. `clusters`: the folder of the configurations.
Result<CaseScript> read_case_script(const std::string& file, const std::string& clusters);
Result<core::Config> read_cluster(const std::string& file);

}  // namespace tasuki::simulation
