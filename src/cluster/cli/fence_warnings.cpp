#include "cluster/cli/fence_warnings.hpp"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "cluster/guard/agent_metadata.hpp"
#include "cluster/lab/plan.hpp"

namespace tasuki::cli {
namespace {

using Metadata = Result<guard::AgentMetadata>;

Metadata ask(const core::FenceDevice& device) {
  asio::io_context io(1);
  std::optional<Metadata> answer;
  start_task(io.get_executor(), [](const auto& asked, auto& answered) -> Task<void> {
    answered = co_await guard::agent_metadata(asked);
  }(device, answer));
  io.run();
  return std::move(*answer);
}

void warn(const config::WrittenFence& fence, const guard::AgentMetadata& metadata, Report& report) {
  for (const auto& problem : guard::check_settings(metadata, fence.device)) {
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
  std::map<std::string, Metadata> asked;
  for (const config::WrittenFence& fence : outcome.fences) {
    const std::string& agent = fence.device.agent;
    if (agent.starts_with('/') || agent == lab::kLabAgent) continue;
    const bool first = !asked.contains(agent);
    if (first) asked.emplace(agent, ask(fence.device));
    if (const Metadata& metadata = asked.at(agent))
      warn(fence, *metadata, report);
    else if (first)
      report.warning(fence.line, metadata.error().what,
                     "its options are not checked here; tasukid tells whether it works");
  }
  outcome.warnings = report.warnings();
}

}  // namespace tasuki::cli
