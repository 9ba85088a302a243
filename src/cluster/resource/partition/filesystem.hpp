// What is on a device, and whether it may be mounted as it is.
#pragma once

#include <string>

#include "cluster/core/config.hpp"
#include "kit/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

// Blocks. Success: nobody on this machine has the device, what is on it is the configured file
// system, and it needs no repair any more. What this node had cached of the device is forgotten,
// because another node has written to it since.
Result<void> check_filesystem(const core::Partition& partition, Deadline deadline);

}  // namespace tasuki::resource
