#include "cluster/runner/fencer.hpp"

#include <algorithm>

#include "cluster/guard/power.hpp"
#include "cluster/runner/clock.hpp"

namespace tasuki::runner {
namespace {

// After an attempt that proved nothing the next waits a little longer each time, up to this.
constexpr std::chrono::milliseconds kRetryStep{500};
constexpr int kRetryStepsMax = 20;

}  // namespace

Fencer::Fencer(asio::io_context& io, core::NodeId self, std::function<void(core::FenceResult)> tell,
               std::function<bool(const core::FenceOrder&)> still_wanted)
    : io_(io), self_(self), tell_(std::move(tell)), still_wanted_(std::move(still_wanted)) {}

void Fencer::carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                       std::chrono::milliseconds delay) {
  for (const core::FenceOrder& order : orders) {
    if (order.by != self_ || under_way_.contains(order.target)) continue;
    under_way_[order.target] = order;
    const auto wait = kRetryStep * std::min(order.attempt, kRetryStepsMax) +
                      (order.after_delay ? delay : std::chrono::milliseconds{0});
    start_task(io_.get_executor(), fence(order, *config.find_node(order.target), wait));
  }
}

Task<void> Fencer::fence(core::FenceOrder order, core::Node target,
                         std::chrono::milliseconds delay) {
  if (delay.count() > 0) co_await wait_for(delay);
  if (still_wanted_(order)) {
    const Moment start = now();
    const auto proof = co_await guard::prove_power_off(target.fence, target.name);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - start);
    tell_({order.target, order.attempt, proof.has_value(), proof ? "" : proof.error().what,
           took.count()});
  }
  under_way_.erase(order.target);
}

}  // namespace tasuki::runner
