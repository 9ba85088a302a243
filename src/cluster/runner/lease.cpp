#include "cluster/runner/lease.hpp"

namespace tasuki::runner {

Lease::Lease(asio::io_context& io, process::KeeperClient& keeper,
             std::function<void(core::Renew)> say)
    : keeper_(keeper), say_(std::move(say)), timer_(io) {}

void Lease::want(bool owns_something, const core::Timing& timing) {
  every_ = timing.renew;
  if (!clock_.want(owns_something)) return;
  if (clock_.wanted()) {
    renew_now();
  } else {
    timer_.cancel();
    keeper_.lease(now(), {}, {});
  }
}

void Lease::renew_now() {
  say_(clock_.say(now()));
  timer_.expires_after(every_);
  timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped && clock_.wanted()) renew_now();
  });
}

bool Lease::came_back(core::NodeId from, const core::Renew& renew, const core::Replica& replica,
                      const core::Timing& timing) {
  const auto since = clock_.came_back(from, renew, replica, timing.lease, now());
  if (since) keeper_.lease(*since, timing.lease, timing.release);
  return since.has_value();
}

}  // namespace tasuki::runner
