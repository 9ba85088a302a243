#include "cluster/core/fence_queue.hpp"

#include <algorithm>

namespace tasuki::core {
namespace {

// After an attempt that proved nothing the next waits a little longer each time, up to this.
constexpr milliseconds kRetryStep{500};
constexpr int kRetryStepsMax = 20;
// In a race each of four ranks begins so much later than the one before that this one's order has
// taken effect by then, also when one switch takes twice as long as the other's, by which the other
// node counts. In delays of the one that should lose: 0 and 1 for those that reach somebody, then
constexpr int kReachesNobody = 4;
constexpr int kReachesNobodyAndShouldLose = 12;

}  // namespace

std::vector<FenceQueue::Begin> FenceQueue::take(const std::vector<FenceOrder>& orders,
                                                milliseconds delay, bool pings) {
  std::erase_if(told_, [&](const auto& told) {
    return std::ranges::find(orders, told.first, &FenceOrder::target) == orders.end();
  });
  std::vector<Begin> begins;
  for (const FenceOrder& order : orders) {
    if (order.by != self_ || under_way_.contains(order.target)) continue;
    if (const auto told = told_.find(order.target);
        told != told_.end() && told->second == order.attempt)
      continue;
    under_way_[order.target] = order;
    const milliseconds wait = kRetryStep * std::min(order.attempt, kRetryStepsMax) +
                              (order.after_delay ? delay : milliseconds{0});
    const int patience = order.after_delay ? kReachesNobodyAndShouldLose : kReachesNobody;
    begins.push_back({order, wait, pings && order.attempt == 0 ? patience * delay : wait});
  }
  return begins;
}

milliseconds losing_delay(milliseconds shortest, milliseconds answered_in) {
  return std::max(shortest, 2 * answered_in);
}

bool still_wanted(const std::vector<FenceOrder>& orders, const FenceOrder& order) {
  return std::ranges::any_of(orders, [&](const FenceOrder& now) {
    return now.target == order.target && now.by == order.by && now.attempt == order.attempt;
  });
}

}  // namespace tasuki::core
