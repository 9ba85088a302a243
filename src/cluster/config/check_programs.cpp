// What a service runs: a program of its own, or a unit of systemd.
#include <algorithm>

#include <fmt/format.h>

#include "cluster/config/checks.hpp"
#include "cluster/config/keys.hpp"

namespace tasuki::config {
namespace {

using namespace std::string_view_literals;

// UNIT_NAME_MAX of systemd's.
constexpr size_t kUnitBytesMax = 255;

bool is_unit(std::string_view text) {
  constexpr std::string_view kEnd = ".service";
  // systemd.unit(5); a template ("getty@.service") is no unit yet.
  const auto bad = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !letter && ":-_.\\@"sv.find(c) == std::string_view::npos;
  };
  return text.size() > kEnd.size() && text.size() <= kUnitBytesMax && text.ends_with(kEnd) &&
         !text.starts_with('-') && !text.starts_with('.') && !text.ends_with("@.service") &&
         std::ranges::none_of(text, bad);
}

void check_unit(const Table& service, const Located<std::string>& unit, Report& report) {
  if (!is_unit(unit.value))
    report.mistake(unit.line, fmt::format("unit = \"{}\" is no service of systemd", unit.value),
                   "write its whole name, as \"nginx.service\"");
  for (const char* key : {"command", "user", "working_directory", "environment", "stop_signal"})
    if (const Field* field = service.find(key))
      report.mistake(field->line, fmt::format("a service with a unit has no {}", key),
                     fmt::format("leave {} out; the unit's own file says how it runs", key));
}

void check_command(const Table& service, Report& report) {
  const TableKeys& known = *find_table("service");
  const auto missing = [&](std::string_view key, std::string_view other) {
    if (service.find(key) == nullptr)
      report.mistake(service.line, fmt::format("[[service]] has no {}", key),
                     fmt::format("add {}: {}{}", key, expected_form(*find_key(known, key)), other));
  };
  missing("command", ", or unit: a service of systemd");
  missing("user", "");
}

}  // namespace

void check_programs(const Table& root, Report& report) {
  Unique units("unit", "one unit can run once on a server, so it is one service");
  for (const Table* service : root.tables("service")) {
    const auto unit = service->find_text("unit");
    if (unit) units.add(unit->value, unit->line, report);
    if (unit)
      check_unit(*service, *unit, report);
    else if (service->find("unit") == nullptr)
      check_command(*service, report);
  }
}

}  // namespace tasuki::config
