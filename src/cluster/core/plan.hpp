// What should happen next, from what is asked for and what is known. Pure: every member computes
// the same plan from the same state and carries out its own part, so there is no leader.
//
// The rule it protects: a group gets a new holder only after the old one reported that it let go,
// or there is a proof of it.
#pragma once

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "cluster/core/state.hpp"

namespace tasuki::core {

// What is to become of a group, each with the sentence that explains it.
struct Keep {};                 // as it is
struct Rest {};                 // down, and nothing is to be done
struct Wait {                   // something must be known first
  std::set<NodeId> letting_go;  // that these nodes own nothing of it
};
struct Start {
  NodeId node;
  Event event;
};
struct Stop {};    // on its holder; where it goes next is decided when it is down
struct GiveUp {};  // failed on every node that may run it

struct Decision {
  GroupName group;
  std::variant<Keep, Rest, Wait, Start, Stop, GiveUp> verdict;
  std::string reason;
  std::string advice = {};                 // what an administrator can do about it; may be empty
  [[nodiscard]] std::string text() const;  // both
};

// Prove that a lost node lets go by switching its power off.
struct FenceOrder {
  NodeId target;
  NodeId by;
  int attempt = 0;
  bool after_delay = false;  // of two sides that fence each other this one should lose
  friend bool operator==(const FenceOrder&, const FenceOrder&) = default;
};

struct Plan {
  std::vector<Decision> decisions;  // one for each configured group
  std::vector<FenceOrder> fences;
};

// `may_decide`: this side has the right to decide and knows the newest state. Without it nothing is
// decided but, for two nodes without a witness, who is fenced.
Plan plan(const State& state, const View& view, bool may_decide);

// The state after the plan's decisions were taken.
void settle(State& state, const View& view, const Plan& plan);

// The nodes that may own some of the group now: its holder, those that were perhaps told to start
// it, and those of its policy of which no member knows what they had.
std::set<NodeId> owners_of(const State& state, const View& view, const GroupName& group);

// Why the node cannot start the group now, as the end of a sentence about it ("is set aside");
// empty when it can.
std::string why_not_on(const State& state, const View& view, const GroupName& group, NodeId node);

// Where the group would go if its holder were lost now; nothing when nowhere.
std::optional<NodeId> next_node(const State& state, const View& view, const GroupName& group);

}  // namespace tasuki::core
