// Time as the pure machines know it.
#pragma once

#include <chrono>

namespace tasuki::executor {

using Time = std::chrono::milliseconds;  // since any fixed moment; given by the caller

}  // namespace tasuki::executor
