// What a node says about itself where all nodes look: on a witness that only keeps what it is
// given, or on a lease disk. Each node has a slot that it alone writes and all read.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cluster/core/ids.hpp"
#include "kit/result.hpp"

namespace tasuki::witness {

// `wants`: it would have the witness's vote if nobody else wanted it. `has`: it counts the vote for
// its ring.
enum class Claim { none, wants, has };

// Whether a node that lost others reaches any of the hosts of [ping] since then; `unknown` also
// while nothing has answered yet, and where there are none.
enum class Reach { unknown, yes, no };

struct Slot {
  core::NodeId node;
  uint64_t sequence = 0;  // grows with everything that the node ever writes
  Claim claim = Claim::none;
  std::string ring;   // the membership it is in
  size_t groups = 0;  // that it runs
  // The highest of a good claim that the node knows it knows all of: each claim has a higher one
  // than all before it.
  uint64_t term = 0;
  // It holds nothing, and starts nothing before it is a member of a newer epoch than this one
  // (core::Released).
  std::optional<uint64_t> released = {};
  Reach reach = Reach::unknown;
  // Nodes that were found to write to another place than this one (Voter::apart).
  std::set<core::NodeId> apart = {};
  friend bool operator==(const Slot&, const Slot&) = default;
};

// A slot fits into a block of a disk, which is written as a whole or not at all.
inline constexpr size_t kSlotBytesMax = 4096;

// One line of text, sealed with the cluster's key: whoever has not the key cannot write a slot.
std::string encode(const Slot& slot, std::string_view key);

// Fails when it is damaged or sealed with another key.
Result<Slot> decode(std::string_view text, std::string_view key);

}  // namespace tasuki::witness
