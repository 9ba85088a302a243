// Virtual time: what a clock that nobody can touch would show since the start of the run.
#pragma once

#include <chrono>

namespace tasuki::simulation {

using Time = std::chrono::microseconds;
using namespace std::chrono_literals;

}  // namespace tasuki::simulation
