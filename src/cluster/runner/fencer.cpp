#include "cluster/runner/fencer.hpp"

#include <cerrno>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "cluster/core/state.hpp"
#include "cluster/guard/agent_metadata.hpp"
#include "cluster/guard/power.hpp"
#include "cluster/runner/clock.hpp"

namespace tasuki::runner {
using core::milliseconds;

namespace {

constexpr std::chrono::minutes kWatchEvery{2};
// What a switch takes to answer decides a race, and is no measure while everything starts.
constexpr std::chrono::seconds kLookAgain{1};

// What the agent does not understand of its settings; empty when nothing is known to be wrong. One
// that refuses to say anything of itself may work all the same.
Task<std::string> wrong_setting(core::FenceDevice device) {
  const auto metadata = co_await guard::agent_metadata(device);
  if (!metadata) co_return metadata.error().code == EBADMSG ? metadata.error().what : "";
  const auto problems = guard::check_settings(*metadata, device);
  if (problems.empty()) co_return "";
  co_return fmt::format("{}; {}", problems.front().what, problems.front().expected);
}

}  // namespace

Fencer::Fencer(asio::io_context& io, core::NodeId self, Reach reach,
               std::function<void(core::FenceResult)> tell,
               std::function<bool(const core::FenceOrder&)> still_wanted,
               std::function<void()> ended)
    : io_(io),
      self_(self),
      reach_(std::move(reach)),
      tell_(std::move(tell)),
      still_wanted_(std::move(still_wanted)),
      ended_(std::move(ended)),
      queue_(self),
      next_look_(io) {}

void Fencer::carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                       std::chrono::milliseconds delay) {
  if (config.nodes != looked_at_) next_look_.cancel();
  // Nodes race only when they are two, so there is one target.
  if (!orders.empty()) delay = core::losing_delay(delay, answered_in_[orders.front().target]);
  const bool pings = core::decided_by_fence(config) && !config.ping_hosts.empty();
  for (const auto& begin : queue_.take(orders, delay, pings))
    start_task(io_.get_executor(), fence(begin, *config.find_node(begin.order.target)));
}

void Fencer::watch_devices(std::function<const core::Config&()> config) {
  start_task(io_.get_executor(), watch(std::move(config)));
}

Task<void> Fencer::watch(std::function<const core::Config&()> config) {
  std::chrono::seconds pause = kLookAgain;
  for (;;) {
    looked_at_ = config().nodes;
    co_await look_at_devices(looked_at_);
    if (config().nodes != looked_at_) continue;
    next_look_.expires_after(std::exchange(pause, kWatchEvery));
    boost::system::error_code ignored;
    co_await next_look_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (config().nodes != looked_at_) pause = kLookAgain;
  }
}

Task<void> Fencer::look_at_devices(std::vector<core::Node> nodes) {
  std::map<core::NodeId, std::string> problems;
  for (const core::Node& node : nodes)
    if (node.id != self_)
      if (std::string problem = co_await problem_of_devices(node); !problem.empty())
        problems[node.id] = std::move(problem);
  device_problems_ = std::move(problems);
}

Task<std::string> Fencer::problem_of_devices(core::Node node) {
  std::string problem;
  for (const core::FenceDevice& device : node.fence) {
    const Moment asked = now();
    if (const auto answers = co_await guard::monitor_power_device(device); !answers) {
      problem = fmt::format("the power switch of {} does not answer: {}", node.name,
                            answers.error().what);
      continue;
    }
    if (&device == &node.fence.front())
      answered_in_[node.id] = std::chrono::duration_cast<std::chrono::milliseconds>(now() - asked);
    if (const auto wrong = co_await wrong_setting(device); !wrong.empty())
      problem = fmt::format("the power switch of {} is set up wrongly: {}", node.name, wrong);
  }
  co_return problem;
}

std::vector<std::string> Fencer::device_problems() const {
  const auto problems = device_problems_ | std::views::values;
  return {problems.begin(), problems.end()};
}

Task<void> Fencer::fence(core::FenceQueue::Begin begin, core::Node target) {
  const core::FenceOrder& order = begin.order;
  const Moment begun = now();
  const bool waits = begin.patience <= begin.wait || co_await reach_(begin.patience);
  if (waits) co_await wait_for(std::chrono::ceil<milliseconds>(begun + begin.wait - now()));
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
