#include "cluster/cli/history_text.hpp"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "cluster/cli/time_text.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

Style level_style(const std::string& level) {
  if (level == "error") return Style::bad;
  return level == "warning" ? Style::warning : Style::plain;
}

// "+12", and "+0.3" below ten so that quick steps do not all look like nothing.
std::string print_ms(double ms) {
  return std::abs(ms) < 9.95 && std::round(ms * 10) != std::round(ms) * 10
             ? fmt::format("{:.1f}", ms)
             : fmt::format("{:.0f}", ms);
}

std::string print_failover(const Json& failover, const Screen& screen) {
  const std::string from = failover.at("from");
  std::string way = failover.at("to");
  if (!from.empty())  // a first start comes from nowhere
    way = fmt::format("{} {} {}", from, arrow(screen), way);
  std::vector<std::string> steps;
  for (const auto& step : failover.at("steps"))
    steps.push_back(
        fmt::format("{} +{}", step.at("name").get<std::string>(), print_ms(step.at("ms"))));
  steps.push_back(fmt::format("serving = {} ms", print_ms(failover.at("total_ms"))));
  return hang(screen, "",
              fmt::format("{} {}, {}: {}",
                          paint(screen, Style::heading, failover.at("group").get<std::string>()),
                          way, local_time(failover.at("started")),
                          printable(failover.at("reason").get<std::string>()))) +
         hang_list(screen, "  ", steps);
}

}  // namespace

std::string print_event(const Json& event, const Screen& screen) {
  const std::string level = event.at("level");
  return fmt::format(
      "{} {} {}: {}\n", local_time(event.at("time")), event.at("node").get<std::string>(),
      paint(screen, Style::heading, event.at("subject").get<std::string>()),
      paint(screen, level_style(level), printable(event.at("text").get<std::string>())));
}

std::string print_timeline(const Json& timeline, const Screen& screen) {
  if (timeline.at("failovers").empty()) return "No failover so far.\n";
  std::string text;
  for (const auto& failover : timeline.at("failovers"))
    text += (text.empty() ? "" : "\n") + print_failover(failover, screen);
  return text;
}

std::string print_versions(const Json& history, const Screen& screen) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& version : history.at("versions"))
    rows.push_back({{fmt::format("{}", version.at("counter").get<uint64_t>())},
                    {local_time(version.at("applied_at"))},
                    {version.at("hash").get<std::string>().substr(0, 8)},
                    {version.at("applied_by")}});
  return print_table(screen, {"version", "applied", "hash", "by"}, rows);
}

std::string print_changes(const Json& changes, const Screen& screen) {
  if (changes.empty()) return "Nothing changes.\n";
  std::string text = "This changes:\n";
  for (const auto& change : changes)
    text += hang(screen, "  ", change.at("what").get<std::string>());
  return text;
}

}  // namespace tasuki::cli
