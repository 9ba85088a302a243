// Who may write to a shared disk, kept by the disk itself: the owner's node is registered and holds
// a reservation for registrants, so that the disk refuses every other machine, whatever that one
// believes (SPC-4 5.12). The rule: a logical unit that is reserved is never without a reservation
// while it changes hands, and whoever was preempted finds out.
//
// Everything here waits for the disk: call it on a thread that may.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/core/ids.hpp"
#include "cluster/guard/scsi_path.hpp"
#include "kit/result.hpp"

namespace tasuki::guard {

// Who a key stands for.
struct KeyOwner {
  core::NodeId node;
  uint64_t epoch = 0;
  friend bool operator==(const KeyOwner&, const KeyOwner&) = default;
};

// A key has 40 bits for the epoch, a thousand times what an accepted loss adds to it; an epoch
// beyond counts as the last of these. Node ids above 65535 have no key; the caller has refused
// them. Never 0, which SPC-4 keeps for "not registered".
ReservationKey key_of(core::NodeId node, uint64_t epoch);
// Nothing when another product made the key.
std::optional<KeyOwner> owner_of(ReservationKey key);
// "node 2 (epoch 7)", or the number of a key that is not Tasuki's.
std::string describe(ReservationKey key);

// Every path of this machine to one logical unit, none twice; at least one.
using ScsiPaths = std::span<const std::unique_ptr<ScsiPath>>;

// The key of this node that is registered, if one is: after a restart of tasukid, or what is left
// of an earlier time.
std::optional<ReservationKey> key_of_node(ScsiPaths paths, core::NodeId node);

// Makes this node the only one that may write, whether nobody may yet or another one may: registers
// the key through every path, preempts whatever other key of Tasuki is registered (also those of
// this node's earlier epochs), reserves, and looks whether it is so. Commands of those preempted
// that are under way are aborted.
//
// Gives the owners of the keys that were preempted. Errors, with what to do: no persistent
// reservations there; a path that fails; a node of a newer epoch, which knows better who is to
// have the disk; another product's key or reservation, which is left as it
// is; somebody preempted us meanwhile. After an error this node is not registered, unless it holds
// the reservation already, which is kept, or cannot reach the disk.
Result<std::vector<KeyOwner>> take(ScsiPaths paths, ReservationKey key);

// How the owner's right stands at the disk.
struct Standing {
  enum class Kind {
    intact,
    path_missing,  // ours, but fewer registrations than paths: mend()
    forgotten,     // nobody is registered since the target lost power, or ours is without the
                   // reservation: writes of others are taken, until mend()
    lost,          // somebody else's, or somebody was there since: the group must stop here
    unreadable,    // no path answered, so nothing is known
  };
  Kind kind{};
  // Registered beside or in place of ours: while intact, somebody is about to take the disk.
  std::vector<ReservationKey> others;
  std::string because;  // a sentence; empty when intact
};

// What the owner looks at again and again. A unit attention that says preempted is no answer by
// itself, as it may be of an earlier time and still wait on a path that was not used since; what is
// registered is, and whether the disk still takes this machine's session for the holder's.
Standing check(ScsiPaths paths, ReservationKey key);

// Registers and reserves again what check() calls path_missing or forgotten, and gives what check()
// says then. For the owner only. Unlike take(), it preempts nobody: whoever came meanwhile has the
// disk, and this node leaves it. If somebody preempts this node in the middle of it, the disk takes
// this node's writes again for the few commands until the registration is withdrawn.
Standing mend(ScsiPaths paths, ReservationKey key);

// Unregisters this key through every path, which also ends the reservation if it is ours. Fine when
// others preempted it before. Errors: a path that failed, or is no more; its registration stays
// until the next take() of another node preempts it.
Result<void> give_back(ScsiPaths paths, ReservationKey key);

}  // namespace tasuki::guard
