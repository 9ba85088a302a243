#include "cluster/runner/fencer.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "cluster/guard/power.hpp"
#include "cluster/runner/clock.hpp"

namespace tasuki::runner {
namespace {

// After an attempt that proved nothing the next waits a little longer each time, up to this.
constexpr std::chrono::milliseconds kRetryStep{500};
constexpr int kRetryStepsMax = 20;
constexpr std::chrono::minutes kWatchEvery{2};

}  // namespace

Fencer::Fencer(asio::io_context& io, core::NodeId self, std::function<void(core::FenceResult)> tell,
               std::function<bool(const core::FenceOrder&)> still_wanted,
               std::function<void()> ended)
    : io_(io),
      self_(self),
      tell_(std::move(tell)),
      still_wanted_(std::move(still_wanted)),
      ended_(std::move(ended)) {}

void Fencer::carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                       std::chrono::milliseconds delay) {
  std::erase_if(told_, [&](const auto& told) {
    return std::ranges::find(orders, told.first, &core::FenceOrder::target) == orders.end();
  });
  for (const core::FenceOrder& order : orders) {
    if (order.by != self_ || under_way_.contains(order.target)) continue;
    if (const auto told = told_.find(order.target);
        told != told_.end() && told->second == order.attempt)
      continue;
    under_way_[order.target] = order;
    const auto wait = kRetryStep * std::min(order.attempt, kRetryStepsMax) +
                      (order.after_delay ? delay : std::chrono::milliseconds{0});
    start_task(io_.get_executor(), fence(order, *config.find_node(order.target), wait));
  }
}

void Fencer::watch_devices(std::function<const core::Config&()> config) {
  start_task(io_.get_executor(), watch(std::move(config)));
}

Task<void> Fencer::watch(std::function<const core::Config&()> config) {
  for (;;) {
    const std::vector<core::Node> nodes = config().nodes;
    device_problems_.clear();
    for (const core::Node& node : nodes) {
      if (node.id == self_) continue;
      for (const core::FenceDevice& device : node.fence)
        if (const auto answers = co_await guard::monitor_power_device(device); !answers)
          device_problems_[node.id] = fmt::format("the power switch of {} does not answer: {}",
                                                  node.name, answers.error().what);
    }
    co_await wait_for(kWatchEvery);
  }
}

std::vector<std::string> Fencer::device_problems() const {
  const auto problems = device_problems_ | std::views::values;
  return {problems.begin(), problems.end()};
}

Task<void> Fencer::fence(core::FenceOrder order, core::Node target,
                         std::chrono::milliseconds delay) {
  if (delay.count() > 0) co_await wait_for(delay);
  if (still_wanted_(order)) {
    const Moment start = now();
    const auto proof = co_await guard::prove_power_off(target.fence, target.name);
    told_[order.target] = order.attempt;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - start);
    tell_({order.target, order.attempt, proof.has_value(), proof ? "" : proof.error().what,
           took.count()});
  }
  under_way_.erase(order.target);
  ended_();
}

}  // namespace tasuki::runner
