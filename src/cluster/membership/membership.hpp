// Who is there, as a value.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster/core/replica.hpp"

namespace tasuki::membership {

// Names one membership; every node of it sees the same value.
struct RingId {
  uint32_t representative = 0;
  uint64_t sequence = 0;
  friend auto operator<=>(const RingId&, const RingId&) = default;
};

// One agreed membership. `members` are the nodes whose tasukid takes part; `nodes` those whose
// engine does (a node in `nodes` only is alive, its tasukid is away). Both sorted.
struct Membership {
  RingId ring;
  bool quorate = false;  // a majority of votes, witness included
  std::vector<core::NodeId> members;
  std::vector<core::NodeId> nodes;
  friend bool operator==(const Membership&, const Membership&) = default;
};

// The word on a ring's majority, also when only that changed (the witness came or went). Comes once
// the votes of the ring are counted, so usually after the ring; rings come in increasing sequence.
struct QuorumChanged {
  RingId ring;
  bool quorate = false;
  std::vector<core::NodeId> nodes;
  friend bool operator==(const QuorumChanged&, const QuorumChanged&) = default;
};

// The same in the core's words.
std::string ring_name(RingId ring);
core::EngineView engine_view(const Membership& membership);

}  // namespace tasuki::membership
