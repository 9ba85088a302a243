// For tests of the core: some nodes that are all members, the group "office" whose policy they are
// in the order of their ids, and the words in which a test says how things are.
#pragma once

#include <string>

#include <fmt/format.h>

#include "cluster/core/state.hpp"

namespace tasuki::core {

inline const GroupName kOffice{"office"};
inline const NodeId kSv1{1};
inline const NodeId kSv2{2};
inline const NodeId kSv3{3};

inline Config make_config(uint32_t nodes) {
  Config config;
  Group group;
  group.name = kOffice;
  for (uint32_t id = 1; id <= nodes; ++id) {
    Node node;
    node.id = NodeId{id};
    node.name = fmt::format("sv{}", id);
    node.fence.push_back({"fence_of_" + node.name, {}});
    config.nodes.push_back(node);
    group.policy.push_back(node.id);
  }
  config.groups.push_back(group);
  return config;
}

struct World {
  State state;
  View view;

  explicit World(uint32_t nodes = 3) {
    state.durable.applied.config = make_config(nodes);
    for (const Node& node : state.config().nodes) view.members.insert(node.id);
    view.alive = view.members;
    view.quorate = true;
  }
  GroupState& group() { return state.groups[kOffice]; }
  Group& configured() { return state.durable.applied.config.groups.front(); }
  GroupIntent& intent() { return state.durable.intent.groups[kOffice]; }

  void runs_on(NodeId node) {
    group().holder = node;
    group().phase = Phase::online;
    group().wanted_up = true;
    group().event = Event::start;
    group().ticket = state.next_ticket++;
  }
  void is_lost(NodeId node) {
    view.members.erase(node);
    view.alive.erase(node);
  }
  void has_no_tasukid(NodeId node) { view.members.erase(node); }
  void let_go(NodeId node, LetGo proof) { state.durable.let_go[node] = proof; }
  void failed_on(NodeId node, const std::string& why = "no such device") {
    group().failures[node] = {why, state.next_failure++};
    group().event = Event::failover;
    group().previous = node;
  }
  void moved_to(NodeId node) {
    intent().moved_to = node;
    intent().moved_at_version = ++state.durable.version;
  }
  void is_only_just_back(NodeId node) { state.nodes[node].just_back = true; }
  void stopped() { intent().run = false; }
  void locked() { state.durable.intent.locked = true; }
  void set_aside(NodeId node) { state.durable.intent.standby.insert(node); }
};

}  // namespace tasuki::core
