// Puts a partition's file system at its mount point.
#pragma once

#include <atomic>

#include "cluster/core/config.hpp"
#include "kit/deadline.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

// Blocks. All checks come before the file system can be seen, its first reading included, so that
// a failure leaves nothing to undo. Nor is it put there once `wanted` is false: who asked may have
// stopped waiting while the device hung.
Result<void> attach(const core::Partition& partition, Deadline deadline,
                    const std::atomic<bool>& wanted);

// Reads the folder anew. A file system that has shut itself down refuses even this.
Result<void> read_folder(int folder);

}  // namespace tasuki::resource
