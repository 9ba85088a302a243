#include "cluster/guard/power.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cluster/guard/agent.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

using Clock = std::chrono::steady_clock;

// fence-agents' exit codes of `status` (doc/FenceAgentAPI.md); 0 is also every other action's
// success.
constexpr int kExitSuccess = 0;
constexpr int kExitOff = 2;
// A power supply takes up to some seconds to fall; asking costs the start of a program.
constexpr auto kAskAgain = std::chrono::milliseconds(100);

Error failed_with(const core::FenceDevice& device, const std::string& action, const AgentEnd& end) {
  const std::string reason = end.last_line();
  return {fmt::format("{} {} failed ({}): {}", device.agent, action, end.exit_code,
                      reason.empty() ? "it printed no reason" : reason)};
}

Task<Result<void>> run_action(core::FenceDevice device, std::string action, std::string plug) {
  const auto end = co_await run_agent(device, action, plug);
  if (!end) co_return failure(end.error());
  if (end->exit_code != kExitSuccess) co_return failure(failed_with(device, action, *end));
  co_return Result<void>();
}

}  // namespace

Task<Result<Power>> power_status(core::FenceDevice device, std::string node_name) {
  const auto end = co_await run_agent(device, "status", node_name);
  if (!end) co_return failure(end.error());
  if (end->exit_code == kExitSuccess) co_return Power::on;
  if (end->exit_code == kExitOff) co_return Power::off;
  co_return failure(failed_with(device, "status", *end));
}

Task<Result<void>> prove_power_off(core::FenceDevice device, std::string node_name) {
  const auto limit = device.limit;
  const auto deadline = Clock::now() + limit;
  if (auto off = co_await run_action(device, "off", node_name); !off) co_return off;
  std::string heard;
  while (true) {
    device.limit = std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()),
                            std::chrono::milliseconds(1));
    const auto power = co_await power_status(device, node_name);
    if (power && *power == Power::off) co_return Result<void>();
    // An answer that the end of the time cut short says less than the one before it.
    if (power)
      heard = "status still says on";
    else if (heard.empty() || Clock::now() < deadline)
      heard = power.error().what;
    if (Clock::now() + kAskAgain >= deadline)
      co_return failure(fmt::format("{} off succeeded, but after {} {}", device.agent,
                                    format_duration(limit), heard));
    co_await wait_for(kAskAgain);
  }
}

Task<Result<void>> prove_power_off(std::vector<core::FenceDevice> levels, std::string node_name) {
  if (levels.empty()) co_return failure(fmt::format("{} has no fence device", node_name));
  std::vector<std::string> reasons;
  for (const core::FenceDevice& device : levels) {
    const auto proof = co_await prove_power_off(device, node_name);
    if (proof) co_return Result<void>();
    reasons.push_back(fmt::format("level {}: {}", reasons.size() + 1, proof.error().what));
  }
  co_return failure(join(reasons, "; "));
}

Task<Result<void>> monitor_power_device(core::FenceDevice device) {
  return run_action(std::move(device), "monitor", "");
}

}  // namespace tasuki::guard
