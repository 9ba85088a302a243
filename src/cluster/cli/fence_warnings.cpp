#include "cluster/cli/fence_warnings.hpp"

#include <optional>

#include <fmt/format.h>

#include "cluster/guard/agent_metadata.hpp"
#include "cluster/lab/plan.hpp"

namespace tasuki::cli {
namespace {

using Problems = std::vector<guard::SettingProblem>;

Result<Problems> ask(const core::FenceDevice& device) {
  asio::io_context io(1);
  std::optional<Result<Problems>> answer;
  start_task(io.get_executor(), [](const auto& asked, auto& answered) -> Task<void> {
    answered = co_await guard::ask_about_settings(asked);
  }(device, answer));
  io.run();
  return std::move(*answer);
}

void warn(const config::WrittenFence& fence, Report& report) {
  const auto problems = ask(fence.device);
  if (!problems)
    return report.warning(fence.line, problems.error().what,
                          "its options are not checked here; tasukid tells whether it works");
  for (const auto& problem : *problems) {
    const auto written = fence.option_lines.find(problem.option);
    report.warning(written == fence.option_lines.end() ? fence.line : written->second, problem.what,
                   problem.expected);
  }
}

}  // namespace

void add_fence_warnings(config::ParseOutcome& outcome, const std::string& file) {
  Report report(file);
  for (const Diagnostic& warning : outcome.warnings)
    report.warning(warning.line, warning.what, warning.expected);
  for (const config::WrittenFence& fence : outcome.fences)
    if (!fence.device.agent.starts_with('/') && fence.device.agent != lab::kLabAgent)
      warn(fence, report);
  outcome.warnings = report.warnings();
}

}  // namespace tasuki::cli
