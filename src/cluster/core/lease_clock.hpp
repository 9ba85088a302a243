// From which moment a node's lease counts: a message that came back through the ring proves that
// the ring turned when it was said.
//
// The rule it protects: nothing renews the lease but a word of this node's own that was delivered
// while the node may keep what it owns, and before the lease that it proves is over: a node that
// slept hears its old words when it wakes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "cluster/core/message.hpp"
#include "cluster/core/moment.hpp"
#include "cluster/core/replica.hpp"

namespace tasuki::core {

class LeaseClock {
 public:
  // From now on, or no more: only a node that owns something needs a lease. True when that is news.
  bool want(bool owns_something);
  [[nodiscard]] bool wanted() const { return wanted_; }
  // One was counted since it is wanted, and lasts.
  [[nodiscard]] bool held(Moment now) const { return wanted_ && until_ && now < *until_; }

  // The next renewal, said at `now`.
  Renew say(Moment now);
  // The moment from which the lease counts now; nothing when this word renews nothing. `lease`: how
  // long it lasts.
  std::optional<Moment> came_back(NodeId from, const Renew& renew, const Replica& replica,
                                  milliseconds lease, Moment now);

 private:
  bool wanted_ = false;
  std::optional<Moment> until_;  // the lease that was counted last ends
  uint64_t sequence_ = 0;
  std::map<uint64_t, Moment> said_;  // those that have not come back
};

}  // namespace tasuki::core
