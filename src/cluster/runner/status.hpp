// The answer of GET /v1/status: is everything all right, what runs where, what would take over.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/core/replica.hpp"
#include "kit/json.hpp"

namespace tasuki::runner {

// What the state does not say because it is about this node or about time.
struct StatusContext {
  core::NodeId self;
  std::map<std::string, std::string> since;          // "group/NAME" or "node/NAME" to ISO 8601
  std::map<std::string, std::string> node_services;  // node-scope service to its state here
  std::string time;
  bool witness_votes = false;               // now, or would if it were needed
  std::string witness_problem;              // why not, if that is known
  std::string lease_problem;                // of slots that give no vote
  std::set<core::NodeId> seen_with_groups;  // as in core::Situation
  std::string ping_problem;                 // why no host of [ping] is reached
  std::vector<std::string> power_problems;  // of the other nodes' power switches, seen from here
  std::vector<std::string> account_problems;
  std::vector<std::string> file_problems;  // of those that follow groups, here
};

Json status_json(const core::Replica& replica, const StatusContext& context);

// The answer of GET /v1/explain/{name}: of the group and of the node of that name, so none, one or
// two. `seen_with_groups`: as in core::Situation; `failovers`: the group's timelines.
Json explanations_json(const core::Replica& replica, const std::set<core::NodeId>& seen_with_groups,
                       const std::string& name, const Json& failovers);

// The word the status has for a node and for a group; also what `since` is kept for.
std::string node_state_word(const core::Replica& replica, core::NodeId node);
std::string group_state_word(const core::Replica& replica, const core::GroupName& group);

}  // namespace tasuki::runner
