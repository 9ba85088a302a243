// Carries out the plan's fence orders that fall to this node, each attempt once.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/message.hpp"
#include "cluster/core/plan.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class Fencer {
 public:
  // `tell` says the result to all members. `still_wanted` is asked after a delay.
  Fencer(asio::io_context& io, core::NodeId self, std::function<void(core::FenceResult)> tell,
         std::function<bool(const core::FenceOrder&)> still_wanted);

  // Starts what is new in `orders`; `delay` is what the side that should lose a race waits.
  void carry_out(const std::vector<core::FenceOrder>& orders, const core::Config& config,
                 std::chrono::milliseconds delay);

 private:
  Task<void> fence(core::FenceOrder order, core::Node target, std::chrono::milliseconds delay);

  asio::io_context& io_;
  core::NodeId self_;
  std::function<void(core::FenceResult)> tell_;
  std::function<bool(const core::FenceOrder&)> still_wanted_;
  std::map<core::NodeId, core::FenceOrder> under_way_;
};

}  // namespace tasuki::runner
