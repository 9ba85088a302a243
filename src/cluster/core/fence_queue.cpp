#include "cluster/core/fence_queue.hpp"

#include <algorithm>

namespace tasuki::core {
namespace {

// After an attempt that proved nothing the next waits a little longer each time, up to this.
constexpr milliseconds kRetryStep{500};
constexpr int kRetryStepsMax = 20;

}  // namespace

std::vector<FenceQueue::Begin> FenceQueue::take(const std::vector<FenceOrder>& orders,
                                                milliseconds delay) {
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
    begins.push_back({order, kRetryStep * std::min(order.attempt, kRetryStepsMax) +
                                 (order.after_delay ? delay : milliseconds{0})});
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
