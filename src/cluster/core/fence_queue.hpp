// Which of the plan's fence orders a node begins now: those that fall to it, each attempt once, one
// at a time for a target.
#pragma once

#include <map>
#include <vector>

#include "cluster/core/plan.hpp"

namespace tasuki::core {

class FenceQueue {
 public:
  explicit FenceQueue(NodeId self) : self_(self) {}

  struct Begin {
    FenceOrder order;
    milliseconds wait{};  // before it is carried out, if it is still wanted then
    // The same for a node that no host of [ping] answers: longer, so that one that reaches them is
    // first. The race is over after the first attempt.
    milliseconds patience{};
  };
  // What is new in `orders`, under way from now on; `delay` is what the side that should lose a
  // race waits. `pings`: two nodes race, and each asks hosts whether it reaches anybody.
  std::vector<Begin> take(const std::vector<FenceOrder>& orders, milliseconds delay,
                          bool pings = false);
  // The attempt's result is on its way to all.
  void told(const FenceOrder& order) { told_[order.target] = order.attempt; }
  // An order may be taken up for that target again.
  void ended(NodeId target) { under_way_.erase(target); }

 private:
  NodeId self_;
  std::map<NodeId, FenceOrder> under_way_;
  std::map<NodeId, int> told_;  // attempts
};

// What the side that should lose a race waits: `shortest`, or longer where the switch is slow, so
// that the winner's order has taken effect. A switch takes about as long to switch off as to
// answer; twice that leaves room for the usual spread. `answered_in`: when it was asked last.
milliseconds losing_delay(milliseconds shortest, milliseconds answered_in);

// Whether the plan still asks for it.
bool still_wanted(const std::vector<FenceOrder>& orders, const FenceOrder& order);

}  // namespace tasuki::core
