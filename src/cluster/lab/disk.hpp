// The partitions of a lab: one sparse file each, and for every node a loop device of its own over
// it, with direct I/O, so that nodes share what is written and nothing else. A shared loop device
// would make a double mount harmless and invisible.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cluster/lab/plan.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

enum class OldDisk { keep, replace };

// Makes the disk's file in `folder` and its file system, unless it is there and kept. True when it
// was made. `bytes` is its size.
Result<bool> make_image(const Disk& disk, const std::string& folder, uint64_t bytes, OldDisk old);

// A loop device over a disk's file, detached when this is gone. Nothing here keeps it open: as with
// a real disk, what a node has cached of it goes when the node's last user closes it. An open
// descriptor would keep those blocks, and the node would later mount what the disk once was.
class LoopDevice {
 public:
  LoopDevice(const Disk& disk, std::string folder, unsigned number, bool direct)
      : device_(disk.device), folder_(std::move(folder)), number_(number), direct_(direct) {}
  LoopDevice(LoopDevice&& other) noexcept;
  LoopDevice& operator=(LoopDevice&& other) noexcept;
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  ~LoopDevice();

  // Its path in the node.
  [[nodiscard]] const std::string& device() const { return device_; }
  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] dev_t device_number() const;
  // Whether the file system under the lab allowed direct I/O.
  [[nodiscard]] bool direct() const { return direct_; }
  // Whether no mount in any namespace uses it: it opens with O_EXCL.
  [[nodiscard]] bool is_released() const;

 private:
  std::string device_;
  std::string folder_;  // of the file; empty: moved from
  unsigned number_;
  bool direct_;
};

Result<LoopDevice> attach_loop(const Disk& disk, const std::string& folder);

// The loop devices over files in `folder`, by number.
std::vector<unsigned> find_loops(const std::string& folder);

// Detaches them, for a lab that did not come to do it; one that is in use goes with its last user.
void detach_loops(const std::string& folder);

// Tells the file systems on `loops` that are mounted by any of the processes to stop without
// writing anything more, as a power cut would (ext4 and xfs; btrfs has no such call and writes what
// it holds). Returns what could not be told so.
std::vector<Error> shut_down_file_systems(const std::vector<LoopDevice>& loops,
                                          const std::vector<pid_t>& processes);

}  // namespace tasuki::lab
