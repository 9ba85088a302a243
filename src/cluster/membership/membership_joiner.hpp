// Joins what Corosync says on two connections into one order. CPG says who takes part and what was
// said, in the order every member sees; the quorum service says, on a connection of its own and at
// its own time, whether a ring has the majority. A membership is told only when both speak of the
// same ring; what CPG says in between waits.
// Pure: no library, no clock. corosync_engine.cpp feeds it.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/membership/membership.hpp"

namespace tasuki::membership {

// CPG: the processes of the group changed; `members` are the nodes that have one now.
struct MembersChanged {
  // A process came or went, or nodes did: then a RingChanged follows at once (Corosync's
  // cpg_sync_activate() sends both in one go).
  enum class Cause { process, ring };
  std::vector<core::NodeId> members;
  Cause cause = Cause::process;
};

// CPG: from here on, everything was said on this ring.
struct RingChanged {
  RingId ring;
  std::vector<core::NodeId> nodes;
};

struct Message {
  core::NodeId from;
  std::string content;
  friend bool operator==(const Message&, const Message&) = default;
};

using Observation = std::variant<MembersChanged, RingChanged, QuorumChanged, Message>;

// What is told to the cluster, in order.
using Step = std::variant<Membership, Message>;

// One per connection to Corosync.
//
// Every node that passes through a ring sees the same memberships and messages in the same order;
// only `quorate` is each node's own view. A ring that was left before the quorum service spoke of
// it is told as not quorate: nobody said that it had a majority, and the messages and the absences
// in it must not be lost. A change of `quorate` alone is told when it is heard: it has no place in
// the common order.
class MembershipJoiner {
 public:
  // Takes one observation and returns what may be told now, in order.
  std::vector<Step> observe(Observation observation);

  // Bytes of messages that wait for the quorum service's word.
  [[nodiscard]] size_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct NewRing {
    RingChanged change;
    std::vector<core::NodeId> members;
  };
  struct NewMembers {
    std::vector<core::NodeId> members;
  };
  using Waiting = std::variant<NewRing, NewMembers, Message>;

  void on(MembersChanged change);
  void on(RingChanged change);
  void on(Message message);
  std::optional<Membership> on(QuorumChanged change);

  std::vector<Step> tell_what_is_settled();
  [[nodiscard]] std::optional<Membership> settle(const NewRing& ring) const;

  std::optional<Membership> told_;
  std::vector<core::NodeId> members_;         // as CPG said last
  std::deque<Waiting> waiting_;               // CPG's order; begins with a NewRing
  std::map<uint64_t, QuorumChanged> quorum_;  // by ring sequence, from the told ring on
  size_t waiting_bytes_ = 0;
};

}  // namespace tasuki::membership
