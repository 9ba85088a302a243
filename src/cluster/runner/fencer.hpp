// Carries out the plan's fence orders that fall to this node, each attempt once.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/fence_queue.hpp"
#include "cluster/core/message.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class Fencer {
 public:
  // Whether a host of [ping] answers within the limit; true at once when there is none.
  using Reach = std::function<Task<bool>(std::chrono::milliseconds limit)>;

  // `tell` says the result to all members. `still_wanted` is asked after a delay. `ended` is called
  // when an order may be taken up for that target again.
  Fencer(asio::io_context& io, core::NodeId self, Reach reach,
         std::function<void(core::FenceResult)> tell,
         std::function<bool(const core::FenceOrder&)> still_wanted, std::function<void()> ended);

  // Starts what is new in `orders`; `delay` is the least that the side that should lose a race
  // waits.
  void carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                 std::chrono::milliseconds delay);

  // Asks the other nodes' power switches whether they answer and understand their settings.
  Task<void> look_at_devices(std::vector<core::Node> nodes);
  // Does so from now on, every few minutes and when they change.
  void watch_devices(std::function<const core::Config&()> config);
  // Those that did not when last asked, one sentence for each node.
  [[nodiscard]] std::vector<std::string> device_problems() const;

 private:
  Task<void> watch(std::function<const core::Config&()> config);
  // The problem with the last of them that has one; empty when none has.
  Task<std::string> problem_of_devices(core::Node node);
  Task<void> fence(core::FenceQueue::Begin begin, core::Node target);

  asio::io_context& io_;
  core::NodeId self_;
  Reach reach_;
  std::function<void(core::FenceResult)> tell_;
  std::function<bool(const core::FenceOrder&)> still_wanted_;
  std::function<void()> ended_;
  core::FenceQueue queue_;
  std::vector<core::Node> looked_at_;
  asio::steady_timer next_look_;
  std::map<core::NodeId, std::string> device_problems_;
  std::map<core::NodeId, std::chrono::milliseconds> answered_in_;  // the first level, last time
};

}  // namespace tasuki::runner
