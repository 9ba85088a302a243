#include "cluster/batch/check_pairs.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/batch/paths.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

constexpr std::string_view kStart = "start";
// Names of up to so many letters resemble each other without meaning each other.
constexpr size_t kShortName = 3;

// Whether there were any.
bool add_stops(const Listing& listing, Stops& stops) {
  bool added = false;
  visit_service_commands(listing, [&](int, const ServiceCommand& command) {
    if (command.action != ServiceAction::stop) return;
    added = true;
    if (has_variables(command.key))
      (command.watched ? stops.any_watched : stops.any_service) = true;
    (command.watched ? stops.watched : stops.services).emplace(lower(command.key), command.key);
  });
  return added;
}

std::string file_name(const std::string& path) {
  const PathParts parts = split_path(path);
  return parts.name + parts.extension;
}

// What to write, unless a stop of nearly the same name is there.
std::string expected_stop(const ServiceCommand& start,
                          const std::map<std::string, std::string>& stopped) {
  std::vector<std::string> names;
  for (const auto& [key, name] : stopped) names.push_back(name);
  const std::string command = start.watched ? "ARMKILL" : "net stop";
  const auto near = nearest_word(start.key, names);
  if (near && start.key.size() > kShortName)
    return fmt::format("{} names \"{}\"; is that meant?", command, *near);
  return start.watched ? fmt::format("write ARMKILL {} in the stop script", start.key)
                       : fmt::format("write net stop \"{}\" in the stop script", start.key);
}

}  // namespace

std::optional<std::string> sibling_name(std::string_view name) {
  const size_t place = lower(name).find(kStart);
  if (place == std::string::npos) return std::nullopt;
  const bool upper_case = name[place] == 'S' && name[place + 1] == 'T';
  const std::string_view stop = upper_case ? "STOP" : "stop";
  return fmt::format("{}{}{}", name.substr(0, place), stop, name.substr(place + kStart.size()));
}

Stops stops_in_view(const Surveyed& surveyed, const std::vector<Listing>& listings) {
  Stops stops;
  for (const Listing& listing : listings) stops.in_file.push_back(add_stops(listing, stops));
  for (const CheckedFile& file : surveyed.files)
    if (file.sibling) add_stops(list_statements(file.sibling, CurlyQuotes::straightened), stops);
  return stops;
}

bool stops_are_in_view(const Surveyed& surveyed, size_t index, const Stops& stops) {
  const auto starts = [](const CheckedFile& file) {
    return sibling_name(file_name(file.script->path)).has_value();
  };
  const CheckedFile& file = surveyed.files[index];
  if (file.sibling) return true;
  if (!starts(file) && stops.in_file[index]) return true;
  for (size_t other = 0; other < surveyed.files.size(); ++other)
    if (other != index && !starts(surveyed.files[other])) return true;
  return false;
}

void check_starts(const Listing& listing, const Stops& stops, Report& report) {
  std::set<std::pair<bool, std::string>> told;
  visit_service_commands(listing, [&](int line, const ServiceCommand& start) {
    if (start.action != ServiceAction::start || start.ends_by_itself) return;
    if (has_variables(start.key) || (start.watched ? stops.any_watched : stops.any_service)) return;
    const auto& stopped = start.watched ? stops.watched : stops.services;
    if (stopped.contains(lower(start.key))) return;
    if (!told.emplace(start.watched, lower(start.key)).second) return;
    report.mistake(line,
                   start.watched
                       ? fmt::format("nothing stops what ARMLOAD starts as \"{}\"", start.key)
                       : fmt::format("nothing stops the service \"{}\"", start.key),
                   expected_stop(start, stopped));
  });
}

}  // namespace tasuki::batch
