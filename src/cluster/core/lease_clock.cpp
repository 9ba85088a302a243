#include "cluster/core/lease_clock.hpp"

namespace tasuki::core {
namespace {

// Those that were said in a membership that broke never come back.
constexpr size_t kSaidMax = 64;

}  // namespace

bool LeaseClock::want(bool owns_something) {
  if (owns_something == wanted_) return false;
  wanted_ = owns_something;
  until_.reset();
  return true;
}

Renew LeaseClock::say(Moment now) {
  const Renew renew{++sequence_};
  said_[renew.sequence] = now;
  if (said_.size() > kSaidMax) said_.erase(said_.begin());
  return renew;
}

std::optional<Moment> LeaseClock::came_back(NodeId from, const Renew& renew, const Replica& replica,
                                            milliseconds lease, Moment now) {
  if (from != replica.self() || !replica.may_keep()) return std::nullopt;
  const auto said = said_.find(renew.sequence);
  if (said == said_.end()) return std::nullopt;
  const Moment since = said->second;
  said_.erase(said_.begin(), std::next(said));
  if (!wanted_ || now >= since + lease) return std::nullopt;
  until_ = since + lease;
  return since;
}

}  // namespace tasuki::core
