// What goes on while a partition is mounted: it is read now and then, and every change of the
// mounts and every error that ext4 counts is looked at.
#pragma once

#include <memory>

#include "cluster/core/config.hpp"
#include "cluster/resource/resource.hpp"
#include "kit/block_device.hpp"
#include "kit/deadline.hpp"

namespace tasuki::resource {

// How often the device is read, and how long that may take. A path of a storage network that fails
// over, or a disk that repeats a bad sector, needs some seconds; one that is gone needs for ever.
struct ReadTimes {
  milliseconds every{3000};
  milliseconds limit{10'000};
};

// Ends with the object; the handler is not called afterwards. A read that hangs keeps its worker
// until it ends.
class PartitionWatch {
 public:
  // For a file system that is mounted already; fails when it is not.
  static Result<PartitionWatch> begin(asio::io_context& context, asio::thread_pool& workers,
                                      core::Partition partition, ReadTimes times,
                                      FaultHandler on_fault);

  PartitionWatch(PartitionWatch&&) noexcept;
  ~PartitionWatch();

 private:
  struct State;
  explicit PartitionWatch(std::shared_ptr<State> state);
  static Task<void> watch_mounts(std::shared_ptr<State> state);
  static Task<void> watch_errors(std::shared_ptr<State> state);
  static Task<void> read_regularly(std::shared_ptr<State> state);

  // Shared with the coroutines, which find out by it that they have been ended.
  std::shared_ptr<State> state_;
};

// What is wrong with the mount, from the mount table: gone, covered, or read-only against `wanted`.
enum class Writable { yes, no };
std::optional<std::string> find_mount_fault(const core::Partition& partition,
                                            const BlockDevice& device, Writable wanted,
                                            const std::vector<Mount>& table);

// Blocks. Reads one block of the device past every cache, and the root folder.
Result<void> read_partition(const core::Partition& partition);

}  // namespace tasuki::resource
