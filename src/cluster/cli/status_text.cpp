#include "cluster/cli/status_text.hpp"

#include <vector>

#include <fmt/format.h>

#include "cluster/cli/time_text.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

using Rows = std::vector<std::vector<Cell>>;

// The text of a key that may be null or absent, safe to show.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

Style node_style(const std::string& state) {
  if (state == "online") return Style::good;
  return state == "lost" ? Style::bad : Style::warning;
}

Style group_style(const std::string& state) {
  if (state == "online") return Style::good;
  return state == "failed" || state == "conflict" ? Style::bad : Style::warning;
}

std::string node_note(const Json& node) {
  std::vector<std::string> notes;
  if (node.value("self", false)) notes.emplace_back("this node");
  const std::string proof = text_of(node, "proof");
  if (!proof.empty())
    notes.push_back(fmt::format("has let go of its groups ({})", proof));
  else if (node.at("state") == "lost")
    notes.emplace_back("no proof yet that it let go of its groups");
  if (const auto note = text_of(node, "note"); !note.empty()) notes.push_back(note);
  return join(notes, "; ");
}

// What a reader wants to know beyond the state: why it is so, and which resources are not up.
std::string group_note(const Json& group) {
  const std::string group_state = group.at("state");
  const bool online = group_state == "online";
  // Of these the reason stands in full among the problems above.
  const bool told = group_state == "failed" || group_state == "conflict";
  std::vector<std::string> notes;
  if (!online && !told) notes.push_back(text_of(group, "reason"));
  if (online && group.at("node") != group.at("home"))
    notes.push_back(fmt::format("home is {}", text_of(group, "home")));
  for (const auto& resource : group.at("resources")) {
    const std::string state = resource.at("state");
    if (state == "up" || (state == "down" && group.at("node").is_null())) continue;
    const auto detail = text_of(resource, "detail");
    notes.push_back(fmt::format("{} is {}{}", text_of(resource, "name"), state,
                                detail.empty() ? "" : ": " + detail));
  }
  for (const auto& failed : group.at("failures"))
    if (!told)
      notes.push_back(
          fmt::format("failed on {}: {}", text_of(failed, "node"), text_of(failed, "reason")));
  std::erase(notes, "");
  return join(notes, "; ");
}

std::string print_headline(const Json& status, const Screen& screen) {
  const std::string health = status.at("health");
  const std::string cluster = "Cluster " + text_of(status, "cluster") + ": ";
  if (health == "ok") return cluster + paint(screen, Style::good, "all is well.") + "\n";
  if (health == "degraded")
    return cluster + paint(screen, Style::warning, "it works, but needs attention.") + "\n";
  return cluster + paint(screen, Style::bad, "not everything runs.") + "\n";
}

std::string print_problems(const Json& status, const Screen& screen) {
  const Style style = status.at("health") == "down" ? Style::bad : Style::warning;
  std::string text;
  for (const auto& problem : status.at("problems")) {
    const std::string block = hang(screen, "  ! ", printable(problem.get<std::string>()));
    text += "  " + paint(screen, style, "!") + block.substr(3);
  }
  return text;
}

std::string print_services(const Json& status, const Screen& screen) {
  if (status.at("services").empty()) return "";
  Rows rows;
  for (const auto& service : status.at("services")) {
    const auto state = text_of(service, "state");
    rows.push_back({{text_of(service, "name")},
                    {text_of(service, "node")},
                    {or_dash(state), state == "up" ? Style::good : Style::warning},
                    {text_of(service, "detail"), Style::faint}});
  }
  return "\n" + print_table(screen, {"service", "node", "state", ""}, rows);
}

std::string watch_note(const Json& watch, const std::string& now) {
  std::vector<std::string> notes;
  if (watch.at("paused").get<bool>()) {
    const std::string until = text_of(watch, "paused_until");
    notes.push_back(until.empty() ? "nobody watches it"
                                  : "nobody watches it for " + or_dash(age(now, until)));
  }
  if (const int restarts = watch.at("restarts"); restarts > 0)
    notes.push_back(fmt::format("started again {} times", restarts));
  return join(notes, "; ");
}

// What the groups' scripts have started.
std::string print_watches(const Json& status, const Screen& screen) {
  Rows rows;
  for (const auto& group : status.at("groups"))
    for (const auto& watch : group.value("watches", Json::array())) {
      const bool paused = watch.at("paused");
      const std::string state = text_of(watch, "state");
      const bool good = state == "running" && !paused;
      rows.push_back({{or_dash(text_of(watch, "id"))},
                      {text_of(watch, "what")},
                      {text_of(group, "name")},
                      {paused ? state + ", paused" : state, good ? Style::good : Style::warning},
                      {watch_note(watch, text_of(status, "time")), Style::faint}});
    }
  if (rows.empty()) return "";
  return "\n" + print_table(screen, {"watch", "of", "group", "state", ""}, rows);
}

std::string right_of(const Json& status) {
  if (!status.at("right_to_decide")) return "NO right to decide";
  return status.at("informed") ? "may decide"
                               : "may decide NOTHING before it knows the newest state";
}

// Who says so, and what allows or keeps this side from acting.
std::string print_footing(const Json& status, const Screen& screen) {
  const Json& version = status.at("config");
  std::vector<std::string> facts{
      fmt::format("seen from {} at {}", text_of(status, "node"),
                  local_clock(text_of(status, "time"))),
      right_of(status),
      fmt::format("configuration {} ({})", version.at("counter").get<uint64_t>(),
                  text_of(version, "hash").substr(0, 8))};
  if (const Json& witness = status.at("witness"); !witness.is_null())
    facts.push_back(fmt::format("witness {} {}", text_of(witness, "address"),
                                witness.at("votes") ? "votes" : "does NOT vote"));
  if (const Json& disk = status.at("lease_disk"); !disk.is_null())
    facts.push_back(fmt::format("lease disk {}{}", text_of(disk, "device"),
                                disk.at("works") ? "" : " does NOT work"));
  if (!status.at("quorate")) facts.emplace_back("NO quorum");
  if (status.at("stale")) facts.emplace_back("this node may have MISSED changes");
  if (status.at("locked")) facts.emplace_back("LOCKED: no group moves by itself");
  return "\n" + hang_list(screen, "  ", facts);
}

}  // namespace

std::string print_nodes(const Json& status, const Screen& screen) {
  Rows rows;
  for (const auto& node : status.at("nodes")) {
    const std::string state = node.at("state");
    rows.push_back({{text_of(node, "name")},
                    {state, node_style(state)},
                    {or_dash(age(text_of(node, "since"), text_of(status, "time")))},
                    {node_note(node), Style::faint}});
  }
  return print_table(screen, {"node", "state", "since", ""}, rows);
}

std::string print_groups(const Json& status, const Screen& screen) {
  Rows rows;
  for (const auto& group : status.at("groups")) {
    const std::string state = group.at("state");
    const auto next = text_of(group, "next");
    rows.push_back({{text_of(group, "name")},
                    {state, group_style(state)},
                    {or_dash(text_of(group, "node"))},
                    {or_dash(age(text_of(group, "since"), text_of(status, "time")))},
                    {next.empty() ? "nobody" : next, next.empty() ? Style::warning : Style::plain},
                    {group_note(group), Style::faint}});
  }
  return print_table(screen, {"group", "state", "on", "since", "next", ""}, rows);
}

std::string print_status(const Json& status, const Screen& screen) {
  std::string text = print_headline(status, screen);
  if (!status.at("problems").empty()) text += "\n" + print_problems(status, screen);
  text += "\n" + print_groups(status, screen);
  text += "\n" + print_nodes(status, screen);
  text += print_watches(status, screen);
  text += print_services(status, screen);
  text += print_footing(status, screen);
  return text;
}

}  // namespace tasuki::cli
