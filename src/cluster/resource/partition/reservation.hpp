// The disk of a partition with guard = "scsi-reservation": made to refuse every other node before
// the partition is mounted, and looked at while it is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/guard/scsi_reservation.hpp"
#include "cluster/resource/resource.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// What the disk's reservation needs of the node. All but `open` is called on the io_context's
// thread.
struct Reserving {
  core::NodeId node;
  std::function<uint64_t()> epoch;  // that this node is in
  // Whether the configuration in force still has the disk reserved; then a stop leaves it so, and
  // it changes hands without ever being open to all.
  std::function<bool()> stays;
  // The nodes that the disk refuses from now on, as they were registered. Never empty.
  std::function<void(const std::vector<guard::KeyOwner>&)> preempted;
  // Every path to the disk that the device is on; blocks.
  std::function<Result<guard::OpenScsiPaths>(const std::string& device)> open;
};

// Both block. Nothing is taken once `wanted` is false: whoever waited for it has given up.
Result<std::vector<guard::KeyOwner>> take_disk(const Reserving& reserving,
                                               const std::string& device, guard::ReservationKey key,
                                               const std::atomic<bool>& wanted);
Result<void> give_disk_back(const Reserving& reserving, const std::string& device,
                            guard::ReservationKey key);

// Looks at the reservation again and again, and mends what the disk forgot. The key is the one the
// disk was taken with, or after a restart of tasukid any of this node: the disk knows which. Ends
// with the object; the handler is called once at most, when somebody else has the disk.
class ReservationWatch {
 public:
  ReservationWatch(asio::io_context& context, asio::thread_pool& workers,
                   std::shared_ptr<const Reserving> reserving, std::string device,
                   guard::ReservationKey key, std::chrono::milliseconds every,
                   FaultHandler on_lost);
  ReservationWatch(ReservationWatch&&) noexcept = default;
  ReservationWatch& operator=(ReservationWatch&&) noexcept = default;
  ~ReservationWatch();

 private:
  struct State;
  static Task<void> look(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace tasuki::resource
