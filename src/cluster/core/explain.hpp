// Why things are as they are, in sentences: what is known, the rule that follows from it, what
// speaks against the alternatives, the proof that was used or is missing, and what would change it.
// Pure, from the same plan that every member carries out, so the answer is never another's opinion.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cluster/core/plan.hpp"

namespace tasuki::core {

// The state, seen by one node.
struct Situation {
  const State& state;
  const View& view;
  NodeId self;
  std::string obstacle;  // why nobody may decide here; empty when this side may
  // Of those that are lost, who is seen to write to its slot that it has groups.
  std::set<NodeId> seen_with_groups = {};

  // The node's Corosync answers, or it is seen to write: nobody can vouch that it is down.
  [[nodiscard]] bool lives(NodeId node) const;
};

struct Explanation {
  std::string verdict;                // how it is
  std::vector<std::string> facts;     // what is known
  std::string rule;                   // what follows from that
  std::vector<std::string> refused;   // what else could be, and why it is not
  std::vector<std::string> proof;     // that was used, that is missing, that there would be
  std::vector<std::string> remedies;  // what would change it, commands where there are some
};

Explanation explain_group(const Situation& situation, const Group& group);
Explanation explain_node(const Situation& situation, const Node& node);

// What an administrator can say of a node that is away, or must do first, as the end of a sentence;
// empty when its word is not needed.
std::string advice_about(const Situation& situation, NodeId node);

// Why a group is as it is, with what can be done about it.
std::string reason_of(const Situation& situation, const Group& group);

// What a loss of the node that a partition waits for would need, where nothing but a person could
// prove it; empty when something else can, or that is not known yet.
std::string why_only_a_word(const State& state, const Node& node);

// The word that people see: online, returning, standby, left, off, away or lost; returning until
// every disk has taken note that it is back, away when its Corosync answers and its tasukid does
// not.
std::string node_state_word(const State& state, const View& view, NodeId self, NodeId node);
// online, starting, stopping, stopped, waiting, failed or conflict.
std::string group_state_word(const State& state, const View& view, const GroupName& name);

}  // namespace tasuki::core
