// One GET, to see whether a web server serves.
#pragma once

#include <chrono>
#include <string>

#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// Success when a status of 200 to 399 came within the limit; what else was answered is not read.
Task<Result<void>> probe_http(std::string address, uint16_t port, std::string path,
                              std::chrono::milliseconds limit);

}  // namespace tasuki::resource
