// One try of a TCP connection, to see whether a service answers.
#pragma once

#include <chrono>
#include <string>

#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// Success when the connection was accepted within the limit; it is closed at once.
Task<Result<void>> probe_tcp(std::string address, uint16_t port, std::chrono::milliseconds limit);

}  // namespace tasuki::resource
