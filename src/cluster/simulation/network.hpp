// Which nodes reach which, and the witness; and how bad the way is. A link that is cut in one
// direction only serves neither: Corosync's transport takes a link for up when its pings come back.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "cluster/core/ids.hpp"
#include "cluster/simulation/chance.hpp"

namespace tasuki::simulation {

using Nodes = std::set<core::NodeId>;

class Network {
 public:
  // One direction.
  void cut(core::NodeId from, core::NodeId to) { cut_.insert({from, to}); }
  void join(core::NodeId from, core::NodeId to) { cut_.erase({from, to}); }
  void cut_witness(core::NodeId node) { without_witness_.insert(node); }
  void join_witness(core::NodeId node) { without_witness_.erase(node); }
  void stop_witness() { witness_runs_ = false; }
  void start_witness() { witness_runs_ = true; }
  void set_delay(core::NodeId node, Time delay) { delays_[node] = delay; }
  void set_loss(core::NodeId node, int percent) { losses_[node] = percent; }
  void heal();

  [[nodiscard]] bool linked(core::NodeId one, core::NodeId other) const {
    return !cut_.contains({one, other}) && !cut_.contains({other, one});
  }
  [[nodiscard]] bool reaches_witness(core::NodeId node) const {
    return witness_runs_ && !without_witness_.contains(node);
  }
  // What a message between these nodes takes longer, with repeats for what was lost.
  [[nodiscard]] Time extra_delay(const Nodes& nodes, Chance& chance) const;

 private:
  std::set<std::pair<core::NodeId, core::NodeId>> cut_;
  Nodes without_witness_;
  bool witness_runs_ = true;
  std::map<core::NodeId, Time> delays_;
  std::map<core::NodeId, int> losses_;  // in percent
};

// Groups of nodes that all reach each other, each node in one; the first in `nodes` are served
// first.
std::vector<Nodes> sides_of(const std::function<bool(core::NodeId, core::NodeId)>& linked,
                            const std::vector<core::NodeId>& nodes);

}  // namespace tasuki::simulation
