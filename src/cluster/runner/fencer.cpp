#include "cluster/runner/fencer.hpp"

#include <ranges>

#include <fmt/format.h>

#include "cluster/guard/power.hpp"
#include "cluster/runner/clock.hpp"

namespace tasuki::runner {
namespace {

constexpr std::chrono::minutes kWatchEvery{2};

}  // namespace

Fencer::Fencer(asio::io_context& io, core::NodeId self, std::function<void(core::FenceResult)> tell,
               std::function<bool(const core::FenceOrder&)> still_wanted,
               std::function<void()> ended)
    : io_(io),
      self_(self),
      tell_(std::move(tell)),
      still_wanted_(std::move(still_wanted)),
      ended_(std::move(ended)),
      queue_(self) {}

void Fencer::carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                       std::chrono::milliseconds delay) {
  // Nodes race only when they are two, so there is one target.
  if (!orders.empty()) delay = core::losing_delay(delay, answered_in_[orders.front().target]);
  for (const auto& [order, wait] : queue_.take(orders, delay))
    start_task(io_.get_executor(), fence(order, *config.find_node(order.target), wait));
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
      for (const core::FenceDevice& device : node.fence) {
        const Moment asked = now();
        const auto answers = co_await guard::monitor_power_device(device);
        if (!answers)
          device_problems_[node.id] = fmt::format("the power switch of {} does not answer: {}",
                                                  node.name, answers.error().what);
        else if (&device == &node.fence.front())
          answered_in_[node.id] =
              std::chrono::duration_cast<std::chrono::milliseconds>(now() - asked);
      }
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
    queue_.told(order);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - start);
    tell_({order.target, order.attempt, proof.has_value(), proof ? "" : proof.error().what,
           took.count()});
  }
  queue_.ended(order.target);
  ended_();
}

}  // namespace tasuki::runner
