#include "cluster/simulation/network.hpp"

#include <algorithm>

namespace tasuki::simulation {
namespace {

// Corosync asks again for what was lost about four times within a token's time.
constexpr Time kRepeat = 60ms;

}  // namespace

void Network::heal() {
  cut_.clear();
  without_witness_.clear();
  delays_.clear();
  losses_.clear();
}

Time Network::extra_delay(const Nodes& nodes, Chance& chance) const {
  Time extra{};
  for (const core::NodeId node : nodes) {
    if (const auto delay = delays_.find(node); delay != delays_.end()) extra += delay->second;
    const auto loss = losses_.find(node);
    if (loss == losses_.end()) continue;
    while (chance.pick(100) < static_cast<size_t>(loss->second)) {
      extra += kRepeat;
      if (!chance.random()) break;
    }
  }
  return extra;
}

std::vector<Nodes> sides_of(const std::function<bool(core::NodeId, core::NodeId)>& linked,
                            const std::vector<core::NodeId>& nodes) {
  std::vector<Nodes> sides;
  std::vector<core::NodeId> left = nodes;
  while (!left.empty()) {
    Nodes side;
    for (const core::NodeId node : left)
      if (std::ranges::all_of(side, [&](core::NodeId in) { return linked(node, in); }))
        side.insert(node);
    std::erase_if(left, [&](core::NodeId node) { return side.contains(node); });
    sides.push_back(std::move(side));
  }
  return sides;
}

}  // namespace tasuki::simulation
