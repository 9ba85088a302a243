// Keeps this node's right to own groups alive: a message that came back through the ring proves
// that the ring turned when it was sent, and from that moment the keeper counts the lease.
//
// The rule it protects: nothing renews the lease but a message delivered in a membership that may
// decide.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "cluster/core/message.hpp"
#include "cluster/core/timing.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/runner/clock.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class Lease {
 public:
  Lease(asio::io_context& io, process::KeeperClient& keeper, std::function<void(core::Renew)> say);

  // From now on, or no more: only a node that owns something needs a lease.
  void want(bool owns_something, const core::Timing& timing);
  // The keeper was given one since it is wanted.
  [[nodiscard]] bool held() const { return wanted_ && held_; }
  // One of our own came back while this side may decide.
  void came_back(const core::Renew& renew, const core::Timing& timing);

 private:
  void renew_now();

  process::KeeperClient& keeper_;
  std::function<void(core::Renew)> say_;
  asio::steady_timer timer_;
  bool wanted_ = false;
  bool held_ = false;
  core::milliseconds every_{};
  uint64_t sequence_ = 0;
  std::map<uint64_t, Moment> said_;  // those that have not come back
};

}  // namespace tasuki::runner
