// What the state asks of this node's groups, as orders for their machines.
//
// The rule it protects: without the right to decide nothing is begun; an isolated node only stops.
#pragma once

#include <map>
#include <vector>

#include "cluster/core/replica.hpp"
#include "cluster/executor/group_machine.hpp"

namespace tasuki::executor {

// Whether a node goes on with what it owns, or stops all of it because it may not.
enum class Standing { keeps, isolated };

// Whether orders are given at all now; without any, what is under way goes on as it was told.
bool gives_orders(const core::Replica& replica, Standing standing);

struct Orders {
  std::vector<std::pair<core::GroupName, Order>> give;
  // Of groups that this node was told to hold and not to in one breath: it never had them, and the
  // others wait for a word that they are down.
  std::vector<core::Report> deny;
};
// `known`: the order that each group with a machine here was given last.
Orders decide_orders(const core::Replica& replica, Standing standing,
                     const std::map<core::GroupName, Order>& known);

// Whether the machine is of no use any more. One that just closed remembers it until the others
// know too.
bool may_forget(const core::Replica& replica, Standing standing, const GroupMachine& machine);

}  // namespace tasuki::executor
