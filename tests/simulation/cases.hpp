// Cases as text: a folder with a README that says why, a script in virtual time, and the log that
// is expected, which is the product's own.
#pragma once

#include <string>
#include <vector>

namespace tasuki::simulation {

enum class Expectation { compare, rewrite };

// The cases below `folder` that are named, or all. Prints what differs. The exit code.
int run_cases(const std::string& folder, const std::vector<std::string>& names,
              Expectation expectation);

// The story of a lab case: its script step by step in the simulator, and after each step who owns
// what and which proof there is of whom, as one line of JSON.
int tell_story(const std::string& case_folder);

}  // namespace tasuki::simulation
