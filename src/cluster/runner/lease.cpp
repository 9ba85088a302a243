#include "cluster/runner/lease.hpp"

namespace tasuki::runner {
namespace {

// Those that were said in a membership that broke never come back.
constexpr size_t kSaidMax = 64;

}  // namespace

Lease::Lease(asio::io_context& io, process::KeeperClient& keeper,
             std::function<void(core::Renew)> say)
    : keeper_(keeper), say_(std::move(say)), timer_(io) {}

void Lease::want(bool owns_something, const core::Timing& timing) {
  every_ = timing.renew;
  if (owns_something == wanted_) return;
  wanted_ = owns_something;
  held_ = false;
  if (wanted_) {
    renew_now();
  } else {
    timer_.cancel();
    keeper_.lease(now(), {}, {});
  }
}

void Lease::renew_now() {
  const core::Renew renew{++sequence_};
  said_[renew.sequence] = now();
  if (said_.size() > kSaidMax) said_.erase(said_.begin());
  say_(renew);
  timer_.expires_after(every_);
  timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped && wanted_) renew_now();
  });
}

void Lease::came_back(const core::Renew& renew, const core::Timing& timing) {
  const auto said = said_.find(renew.sequence);
  if (said == said_.end()) return;
  const Moment from = said->second;
  said_.erase(said_.begin(), std::next(said));
  if (!wanted_) return;
  keeper_.lease(from, timing.lease, timing.release);
  held_ = true;
}

}  // namespace tasuki::runner
