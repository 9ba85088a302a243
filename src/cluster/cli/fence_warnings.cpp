#include "cluster/cli/fence_warnings.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/guard/agent_metadata.hpp"
#include "cluster/lab/plan.hpp"

namespace tasuki::cli {
namespace {

using Metadata = Result<guard::AgentMetadata>;

// It answers at once or never; whoever checks a file waits for it.
constexpr core::milliseconds kMetadataLimit{5'000};

// Whatever a path names would be run as root, so only what is called like an agent is asked.
std::string why_not_to_be_asked(const std::string& agent, const std::string& name) {
  if (!agent.starts_with('/')) return "";
  if (::access(agent.c_str(), F_OK) != 0) return fmt::format("{} is not on this machine", agent);
  if (::access(agent.c_str(), X_OK) != 0 || std::filesystem::is_directory(agent))
    return fmt::format("{} cannot be executed on this machine", agent);
  if (name.starts_with("fence_")) return "";
  return fmt::format(
      "{} is not asked what it understands, as its name does not begin with \"fence_\"", agent);
}

Metadata ask(core::FenceDevice device) {
  device.limit = std::min(device.limit, kMetadataLimit);
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
    const std::string name = std::filesystem::path(agent).filename();
    if (name == lab::kLabAgent) continue;
    if (const std::string why = why_not_to_be_asked(agent, name); !why.empty()) {
      report.warning(fence.line, why,
                     "its options are not checked here; tasukid tells whether it works");
      continue;
    }
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
