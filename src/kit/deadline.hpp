// Blocking calls and the time they may take. A call into a device that does not answer cannot be
// ended by anybody; one can only stop waiting for it.
#pragma once

#include <algorithm>
#include <chrono>

namespace tasuki {

using std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline after(milliseconds limit) {
  return std::chrono::steady_clock::now() + limit;
}

// What is left, and never less than nothing; for poll(2).
inline milliseconds left_until(Deadline deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left));
}

}  // namespace tasuki
