// What nodes say to each other, as values; proto/ writes and reads them. Every message reaches all
// members in one order.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cluster/core/change.hpp"
#include "cluster/core/state.hpp"

namespace tasuki::core {

// What a node has of a group.
struct GroupReport {
  GroupName group;
  uint64_t ticket = 0;
  Phase phase = Phase::offline;
  std::string failure;  // why it went offline by itself; empty when it was asked to
  std::vector<ResourceReport> resources;
  std::vector<WatchReport> watches = {};
  // As in GroupState; the last two are told in a Hello.
  std::string suspended = {};
  std::optional<NodeId> previous = {};
  LetGo proof = LetGo::unproven;
  friend bool operator==(const GroupReport&, const GroupReport&) = default;
};

// What a node has of the settings that follow a group (cluster/settings).
struct SettingsStand {
  enum class Soundness {
    sound,
    torn,     // what was written last may be missing; it may have been acknowledged
    damaged,  // what is there is not what was written
  };
  uint64_t number = 0;  // of the last change
  std::string digest;   // of all that is there, in hexadecimal
  Soundness soundness = Soundness::sound;
  friend bool operator==(const SettingsStand&, const SettingsStand&) = default;
};

// The first word of every member in a new membership, and again whenever its engine finds or loses
// a majority: by these words, which come in one order, all members judge their right alike.
struct Hello {
  std::string ring;  // the membership this is about
  std::set<NodeId> members;
  int feature_level = kFeatureLevel;
  bool quorate = false;  // as the sender's engine says
  bool current = false;  // was a member of the last deciding membership without a break
  // It may have decided things that it does not remember: it was removed from the cluster and came
  // back, or its disk is a new one. Until it has decided with others again.
  bool forgetful = false;
  uint64_t epoch = 0;
  std::set<NodeId> epoch_members;
  bool settled = false;  // every one of them has the epoch on its disk
  uint64_t settled_epoch = 0;
  uint64_t version = 0;
  uint64_t config_counter = 0;
  std::string config_hash;
  uint64_t next_ticket = 1;  // no ticket that the sender saw is used again
  Hardware hardware = {};
  bool leased = false;             // it owned something, and was not off since
  std::string time;                // ISO 8601, by its clock
  std::vector<GroupReport> holds;  // every group of which something is up here
  std::map<GroupName, SettingsStand> settings = {};
};

// The state of the member that knows most, for those that know less.
struct Snapshot {
  std::string ring;
  State state;
};

struct Propose {
  std::string id;  // unique; names the proposer too
  Change change;
};
// The sender has the proposed change on its disk.
struct Stored {
  std::string id;
};
struct Report {
  GroupReport report;
};
struct FenceResult {
  NodeId target;
  int attempt = 0;
  bool proved = false;
  std::string problem;
  int64_t milliseconds = 0;
};
// The node wrote to its slot (cluster/witness) that it holds nothing, and starts nothing before it
// is a member of a newer epoch than this one.
struct Released {
  NodeId node;
  uint64_t epoch = 0;
};
// What the sender wrote last where nodes keep slots (cluster/witness): who reads something older
// there does not look at the same place.
struct Wrote {
  uint64_t sequence = 0;
};
// The sender, which lacked some, has every setting of the group on its disk.
struct HasSettings {
  std::string basis;  // Replica::settings_basis() when it got them
  GroupName group;
};
// A timer of timers_of() ran out at the node that owns it.
struct TimerExpired {
  std::string timer;
};
struct Leaving {};  // moves its groups away, then
struct Goodbye {};  // owns nothing any more
struct Record {     // a finished timeline, which every member keeps for people
  std::string json;
};
// The numbers of the users that services run as at the sender; none: there is no such user.
struct Accounts {
  std::map<std::string, std::optional<uint32_t>> uids;
  friend bool operator==(const Accounts&, const Accounts&) = default;
};
struct Broadcast {  // a word for everybody who looks after a server
  std::string subject;
  std::string text;
};
struct Renew {  // proves to its sender that the ring it was sent in still turned
  uint64_t sequence = 0;
};

const char* to_text(SettingsStand::Soundness soundness);

using Message =
    std::variant<Hello, Snapshot, Propose, Stored, Report, FenceResult, Released, Wrote,
                 HasSettings, TimerExpired, Leaving, Goodbye, Record, Accounts, Broadcast, Renew>;

}  // namespace tasuki::core
