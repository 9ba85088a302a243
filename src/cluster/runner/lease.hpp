// Keeps this node's right to own groups alive: says the renewals of core/lease_clock in time, and
// gives the keeper the lease that they prove.
#pragma once

#include <functional>

#include "cluster/core/lease_clock.hpp"
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
  // The keeper was given one since it is wanted, and it lasts.
  [[nodiscard]] bool held() const { return clock_.held(now()); }
  // A renewal was delivered; whether it counts.
  bool came_back(core::NodeId from, const core::Renew& renew, const core::Replica& replica,
                 const core::Timing& timing);

 private:
  void renew_now();

  process::KeeperClient& keeper_;
  std::function<void(core::Renew)> say_;
  asio::steady_timer timer_;
  core::LeaseClock clock_;
  core::milliseconds every_{};
};

}  // namespace tasuki::runner
