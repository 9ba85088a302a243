// What a node sees as its files: the machine's own, with every change kept apart, and private /dev,
// /proc, /sys, /run, /tmp and durable folders. The rule: nothing a node's programs do changes a
// file of the machine outside the lab's folder, resets the machine or reaches its watchdog.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cluster/lab/disk.hpp"
#include "cluster/lab/plan.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

struct NodeFiles {
  std::string changes;  // folder on a file system of the lab's; keeps what the node changes
  // Folders and sockets of the machine that the node sees elsewhere: from, to.
  std::vector<std::pair<std::string, std::string>> binds;
  std::string shown;  // a folder of the machine that the node sees, but cannot change, also where
                      // it has files of its own
};

// Makes the mounts and moves into them; called by a node's first process in its own mount, PID,
// network and cgroup namespaces.
Result<void> build_node_files(const NodeFiles& files, const std::vector<LoopDevice>& disks);

// /proc and /sys of the calling process's own namespaces, over those it was born with; for the
// client, which otherwise sees the machine's files.
Result<void> refresh_proc_and_sys();

}  // namespace tasuki::lab
