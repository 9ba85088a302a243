// Takes a partition away from this node and proves that it is gone.
#pragma once

#include "cluster/core/config.hpp"
#include "kit/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

// Blocks. Success: the file system is mounted in no mount namespace, and the device opens
// exclusively, so that nothing in this kernel can write to it any more. Processes that keep it busy
// are asked to end and then killed, provided that it is mounted where it belongs. Never a lazy
// unmount: it only hides a file system that is still written to. A failure says who or what holds
// it.
Result<void> detach(const core::Partition& partition, Deadline deadline);

}  // namespace tasuki::resource
