// The verbs of `tasuki lab`.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tasuki::lab {

// Adds the verbs below the command that holds them. `ended` is told how the one that ran ended: 0,
// 1 when it failed, or as the command that it ran in a host.
void add_verbs(CLI::App& family, const std::function<void(int)>& ended);

// The hosts of the lab that runs; none when nobody can tell.
std::vector<std::string> find_hosts();

}  // namespace tasuki::lab
