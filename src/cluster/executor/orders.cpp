#include "cluster/executor/orders.hpp"

namespace tasuki::executor {
namespace {

// Whether this node is the group's holder as the members see it.
bool holds(const core::Replica& replica, const core::GroupName& name) {
  const auto& groups = replica.state().groups;
  const auto found = groups.find(name);
  return found != groups.end() && found->second.holder == replica.self();
}

// What the plan wants of this node for the group.
Order order_for(const core::Replica& replica, Standing standing, const core::GroupName& name) {
  const core::State& state = replica.state();
  const bool isolated = standing == Standing::isolated;
  Order order;
  const auto found = state.groups.find(name);
  if (found == state.groups.end()) return order;
  const core::GroupState& group = found->second;
  order.up = !isolated && group.holder == replica.self() && group.wanted_up;
  order.ticket = group.ticket;
  order.event = group.event;
  order.old_owner_let_go = group.previous_let_go;
  order.previous = group.previous;
  order.recover_count = group.recover_count;
  const auto facts = state.nodes.find(replica.self());
  const bool leaving = facts != state.nodes.end() && facts->second.leaving;
  if (leaving || isolated)
    order.factor = "SERVERDOWN";
  else
    order.factor = state.intent_of(name).run ? "GROUPMOVE" : "GROUPSTOP";
  return order;
}

}  // namespace

bool gives_orders(const core::Replica& replica, Standing standing) {
  return replica.may_decide() || standing == Standing::isolated;
}

// Before the members agree nobody acts upon a denial, and one that is said again at every word that
// is heard would be answered by itself for ever.
Orders decide_orders(const core::Replica& replica, Standing standing,
                     const std::map<core::GroupName, Order>& known) {
  Orders orders;
  if (!gives_orders(replica, standing)) return orders;
  for (const core::Group& group : replica.state().config().groups) {
    const Order order = order_for(replica, standing, group.name);
    if (order.up || known.contains(group.name))
      orders.give.emplace_back(group.name, order);
    else if (replica.agreed() && holds(replica, group.name))
      orders.deny.push_back({{group.name, order.ticket, core::Phase::offline, "", {}}});
  }
  for (const auto& [name, given] : known) {
    if (replica.state().config().find_group(name) != nullptr) continue;
    Order down = given;
    down.up = false;
    down.factor = "GROUPSTOP";
    orders.give.emplace_back(name, down);
  }
  return orders;
}

bool may_forget(const core::Replica& replica, Standing standing, const GroupMachine& machine) {
  return machine.idle() && !order_for(replica, standing, machine.spec().name).up;
}

}  // namespace tasuki::executor
