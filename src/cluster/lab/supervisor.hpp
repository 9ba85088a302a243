// The first process of the lab's own PID namespace: it makes the network and the disks, runs the
// machines, and answers for them. When it dies, for whatever reason, the kernel ends all of them.
#pragma once

#include <cstdint>
#include <string>

#include "cluster/lab/disk.hpp"
#include "cluster/lab/places.hpp"
#include "cluster/lab/plan.hpp"
#include "kit/fd.hpp"

namespace tasuki::lab {

struct LabSettings {
  Plan plan;
  Places places;
  std::string config_text;  // becomes every node's /etc/tasuki/cluster.toml
  uint64_t disk_bytes = 0;
  OldDisk old_disks = OldDisk::keep;
};

// Runs until it is told to end on its control socket, by SIGTERM, or by the end of the guardian
// (`guardian_alive` ends) or of `lab up` before everything runs. What it does while it starts goes
// to `progress` as lines; the last is "ready", or "failed" followed by the reason. Returns the exit
// status.
int run_supervisor(const LabSettings& settings, Fd progress, Fd guardian_alive);

}  // namespace tasuki::lab
