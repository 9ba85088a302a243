// What the first process of a host does before its programs run: network, files, limits.
#pragma once

#include <vector>

#include "cluster/lab/disk.hpp"
#include "cluster/lab/places.hpp"
#include "cluster/lab/plan.hpp"
#include "kit/fd.hpp"

namespace tasuki::lab {

// Namespaces that a host has of its own from birth; its cgroup namespace it makes itself, because
// that begins at the cgroup it was put into.
extern const uint64_t kHostNamespaceFlags;

// Makes the folders on the machine that the host's durable files lie in.
Result<void> make_host_folders(const Host& host, const Places& places);

// Runs as the host's first process until the host ends; returns its exit status. Waits for a byte
// on `channel` (its interfaces are there), answers with one when its programs start, and closes it.
int boot_host(const Host& host, const Places& places, const std::vector<LoopDevice>& disks,
              Fd channel);

}  // namespace tasuki::lab
