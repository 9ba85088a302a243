// What every member knows alike. It changes only by messages that all members see in one order, so
// equal members stay equal; plan.hpp decides from it, replica.hpp keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/ids.hpp"

namespace tasuki::core {

// What this build can speak and decide. A cluster works at the lowest level of its members.
inline constexpr int kFeatureLevel = 1;

// How it is known that a node that is not a member owns nothing any more.
enum class LetGo {
  unproven,   // it may still own what it owned
  left,       // it stopped its groups and said goodbye
  power_off,  // its power is off, and the switch confirmed it
  lease,      // its lease ran out while a watchdog bound it to have let go
  released,   // it wrote where all keep their slots that it let go of everything
  confirmed,  // an administrator vouched for it
};

// Why a group starts; scripts see it as ARMS_EVENT (chapter 1.4 of the guide).
enum class Event { start, failover, recover };

// What the holder of a group last reported.
enum class Phase {
  offline,   // nothing of it is up here, and that is proved
  starting,  // on its way up
  online,    // serving
  stopping,  // on its way down
  stuck,     // could not be stopped; only a reset of the node helps
};

// The applied configuration. `text` is the truth; `config` is what it says.
struct AppliedConfig {
  uint64_t counter = 0;
  std::string hash;
  std::string text;
  std::string applied_at;  // ISO 8601, by the clock of applied_by
  std::string applied_by;  // node name
  Config config;
  friend bool operator==(const AppliedConfig&, const AppliedConfig&) = default;
};

// What people asked of a group.
struct GroupIntent {
  bool run = true;
  std::optional<NodeId> moved_to;  // where it was sent last
  uint64_t moved_at_version = 0;   // the version of that intent
  friend bool operator==(const GroupIntent&, const GroupIntent&) = default;
};

struct Intent {
  bool locked = false;
  std::map<GroupName, GroupIntent> groups;
  std::set<NodeId> standby;  // set aside: nothing starts there
  friend bool operator==(const Intent&, const Intent&) = default;
};

// That two nodes had a group at once, so that what it has may have been written by both.
struct Conflict {
  NodeId first;
  NodeId second;                  // began later
  LetGo proof = LetGo::unproven;  // of the first, by which the second began; unproven: not known
  std::string found_at = {};      // ISO 8601, by the clock of the one that came back
  // Both reported it up: it stays down until somebody says retry. Otherwise it is only known
  // afterwards, from one that was vouched to be down and was not.
  bool both_up = true;
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// What a node that somebody vouched for may have had then, and who began it since.
struct Vouch {
  std::map<GroupName, std::optional<NodeId>> groups;
  friend bool operator==(const Vouch&, const Vouch&) = default;
};

// What is written to disk before it is acknowledged.
struct Durable {
  uint64_t epoch = 0;              // raised by every membership that may decide
  std::set<NodeId> epoch_members;  // who was there then
  uint64_t settled_epoch = 0;      // the newest that every one of its members had on its disk
  std::map<NodeId, uint64_t> last_epochs;  // the newest that each node was a member of
  uint64_t version = 0;  // counts acknowledged changes of intent and configuration
  AppliedConfig applied;
  Intent intent;
  std::map<NodeId, LetGo> let_go;         // of nodes that are not members
  std::map<NodeId, std::string> retired;  // nodes that were removed; their ids are not used again
  std::vector<std::string> recent;        // the ids of the changes accepted last, the newest last
  // Groups that could not be stopped on these nodes, which then reset themselves, and why. It must
  // outlive the reset also of a node that is alone.
  std::map<GroupName, std::map<NodeId, std::string>> stuck;
  // Both until somebody has looked at it, whatever starts anew.
  std::map<GroupName, Conflict> conflicts;
  std::map<NodeId, Vouch> vouched;  // of nodes that have not been back since
  // Of groups that settings follow: the nodes that have every acknowledged one.
  std::map<GroupName, std::set<NodeId>> has_settings;
  friend bool operator==(const Durable&, const Durable&) = default;

  // Whether the change of this id was accepted, as far as is remembered. Whoever was told to ask
  // again after a change of membership may find it done.
  [[nodiscard]] bool has_accepted(const std::string& change_id) const;
  void remember_accepted(const std::string& change_id);
};

struct ResourceReport {
  ResourceName name;
  std::string state;  // up, down, starting, stopping, failed
  friend bool operator==(const ResourceReport&, const ResourceReport&) = default;
};

// A service or program that scripts started by ARM commands or net start (docs/arm-commands.md).
struct WatchReport {
  std::string id;            // empty: by net start, under no watch
  std::string what;          // the service's display name, or the program
  std::string state;         // starting, running, waiting, stopping, stopped
  bool paused = false;       // it may stop and start freely
  std::string paused_until;  // ISO 8601; empty: until it is continued
  int restarts = 0;          // that count against its limit
  friend bool operator==(const WatchReport&, const WatchReport&) = default;
};

struct Failure {
  std::string reason;
  uint64_t id = 0;        // so that an expiry that comes late does not clear a newer failure
  bool at_start = false;  // it never came up there
  bool stuck = false;     // it could not be stopped, which cost every group there a reset
  friend bool operator==(const Failure&, const Failure&) = default;
};

// A group as the members see it.
struct GroupState {
  std::optional<NodeId> holder;  // the only node that may own any of it
  Phase phase = Phase::offline;  // as the holder reported
  bool wanted_up = false;        // what the holder is asked for
  uint64_t ticket = 0;           // names this holding; reports with another ticket are of the past
  Event event = Event::start;
  std::optional<NodeId> previous;  // the holder before
  LetGo proof = LetGo::unproven;   // of that one, when its holder began
  bool previous_let_go = false;    // with proof, so that the new one need not probe
  bool rested = false;             // since it ran; what it had may be somebody else's by now
  std::string reason;              // why it is as it is, a sentence
  std::string why_here;            // why its holder has it
  std::map<NodeId, Failure> failures;
  bool failed = false;               // failed on every node; stays so until somebody says retry
  std::optional<Conflict> conflict;  // until somebody says retry
  std::set<NodeId> may_be_on;  // other nodes that may own some of it: they reported it up too, or
                               // were lost when they could just have been told to start it
  bool failback_due = false;
  uint64_t move_seen = 0;      // version of the last move that was carried out or dropped
  uint64_t recover_count = 0;  // raised when a lost node came back: scripts run with RECOVER
  std::vector<ResourceReport> resources;
  std::vector<WatchReport> watches;
  std::string suspended;  // why its services are stopped for a while; empty: they are not
  // It may not run before somebody has looked at it.
  [[nodiscard]] bool stopped_by_conflict() const { return conflict && conflict->both_up; }
  friend bool operator==(const GroupState&, const GroupState&) = default;
};

// What bounds a node when its software does not, as it says itself.
struct Hardware {
  bool watchdog = false;         // resets it when its keeper does not
  bool virtual_machine = false;  // it may be paused together with that watchdog
  friend bool operator==(const Hardware&, const Hardware&) = default;
};

struct NodeState {
  std::optional<Hardware> hardware = {};  // nothing: no member has met it yet
  bool leaving = false;                   // stops its groups to say goodbye
  bool may_hold_anything = false;         // absent, and no member knows what it had
  bool absent_too_long = false;           // longer than its lease
  bool lost = false;           // absent with its engine; when it is back, scripts are told
  bool just_back = false;      // not in the epoch before, and the new one is not on every disk
  bool back_too_long = false;  // just back for as long as a lease: a disk hangs
  int fence_attempts = 0;
  std::string fence_problem;  // why the last attempt did not prove anything
  friend bool operator==(const NodeState&, const NodeState&) = default;
};

struct State {
  Durable durable;
  std::map<GroupName, GroupState> groups;
  std::map<NodeId, NodeState> nodes;
  uint64_t next_ticket = 1;
  uint64_t next_failure = 1;
  std::set<NodeId> met;  // members of the views since the state was agreed upon last; one of them
                         // that is lost may have been told what is not known here
  int feature_level = kFeatureLevel;
  friend bool operator==(const State&, const State&) = default;

  [[nodiscard]] const Config& config() const { return durable.applied.config; }
  [[nodiscard]] LetGo let_go(NodeId node) const;
  [[nodiscard]] GroupIntent intent_of(const GroupName& group) const;
  // The node has every acknowledged setting that follows the group.
  [[nodiscard]] bool has_settings(const GroupName& group, NodeId node) const;
  // It holds a group, or may own some of one.
  [[nodiscard]] bool holds_anything(NodeId node) const;
  // Whether the end of its lease proves that the node let go: it has a watchdog, and by the applied
  // configuration, or where that does not say by what the node finds, it is no virtual machine.
  [[nodiscard]] bool lease_counts(NodeId node) const;
  // The node's name, also of one that was removed.
  [[nodiscard]] std::string node_name(NodeId node) const;
};

// The membership that the state is to be judged in.
struct View {
  std::set<NodeId> members;  // nodes that take part
  std::set<NodeId> alive;    // nodes whose engine answers; a superset of members
  bool quorate = false;      // a majority of votes, witness included
  friend bool operator==(const View&, const View&) = default;
};

// Takes what must outlive every restart into what is durable, and back: which groups could not be
// stopped or were owned twice, and who began what a node had for which somebody vouched.
void remember(State& state);
void recall(State& state);

// An administrator's word that the node is down, as it is to be written down.
std::map<NodeId, Vouch> vouched_after(const State& state, const View& view, NodeId node);

// The conflict in a sentence without its end.
std::string describe(const State& state, const Conflict& conflict);
// What proves that a node that is away owns nothing, in such a sentence; empty for unproven.
std::string describe(const std::string& node_name, LetGo proof);

// What was reported of it by its last holder.
void forget_what_is_up(GroupState& group);

// Two nodes and no witness: neither has a majority alone; the one that wins the fence decides.
bool decided_by_fence(const Config& config);

// The witness's votes: one, or none. An odd number of nodes needs no witness, so it has no vote
// there (membership/corosync_conf.hpp).
size_t witness_votes(const Config& config);
// It only keeps what nodes write about themselves, and they judge who has its vote.
bool nodes_judge_witness(const Config& config);
// Where nodes keep slots (cluster/witness): the witness, if it only keeps what it is given, also
// where its vote is not needed; or the disk of [lease].
std::optional<Witness> slot_place(const Config& config);
// How many votes are a majority.
size_t majority(const Config& config);
// Whether the nodes that are not in a ring could have the right to decide meanwhile, if the witness
// voted for them. Of two without a witness neither can while the other one is alive.
bool others_could_decide(const Config& config, const std::set<NodeId>& ring);

// Whether this side may decide: a majority, or for two nodes without a witness both of them or a
// proof about the other. The members alone must make the majority: what was decided by fewer, of
// whom the rest was alive without taking part, those could not know later. Without a majority
// somebody's word that every other node is down does it too: none of those decides when it is back,
// before it has met one of these, and none knows of a lease that could run out for one of these.
bool has_right_to_decide(const State& state, const View& view);

// Every node that is no member is down by an administrator's word, and there is one.
bool others_are_down_by_word(const State& state, const View& view);

const char* to_text(LetGo let_go);
const char* to_text(Event event);
const char* to_text(Phase phase);

}  // namespace tasuki::core
