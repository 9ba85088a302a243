#include "cluster/cli/backup_text.hpp"

#include <fmt/format.h>

#include "cluster/cli/time_text.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

using Rows = std::vector<std::vector<Cell>>;

std::string text_or_dash(const Json& value) {
  return value.is_string() && !value.get<std::string>().empty() ? value.get<std::string>() : "-";
}

Cell last_of(const Json& last) {
  if (last.is_null()) return {"never"};
  const bool ok = last.at("ok");
  return {fmt::format("{} {}", local_time(last.at("started")), ok ? "done" : "FAILED"),
          ok ? Style::good : Style::bad};
}

}  // namespace

std::string print_backups(const Json& answer, const Screen& screen) {
  if (answer.at("backups").empty())
    return "No group has a [[group.backup]]; docs/operating/backup.md tells how.\n";
  Rows rows;
  for (const Json& backup : answer.at("backups")) {
    const Json& last = backup.at("last");
    const Json& next = backup.at("next");
    rows.push_back({{backup.at("group").get<std::string>()},
                    {text_or_dash(backup.at("node"))},
                    {next.is_null() ? "-" : local_time(next)},
                    last_of(last),
                    {last.is_null() ? "" : last.at("outcome").get<std::string>(), Style::faint}});
  }
  return print_table(screen, {"group", "on", "next", "last", ""}, rows);
}

}  // namespace tasuki::cli
