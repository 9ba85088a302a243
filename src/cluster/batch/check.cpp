#include "cluster/batch/check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cluster/batch/check_command.hpp"
#include "cluster/batch/check_pairs.hpp"
#include "cluster/batch/flow.hpp"
#include "cluster/batch/listing.hpp"
#include "cluster/batch/words.hpp"
#include "kit/text.hpp"

namespace tasuki::batch {
namespace {

// What cmd.exe would refuse; the first of each line, for the others may follow from it.
void check_syntax(const Listing& listing, Report& report) {
  std::set<int> told;
  for (const Statement& statement : listing.statements)
    for (const Fault& fault : statement.faults)
      if (told.insert(fault.line).second) report.mistake(fault.line, fault.what, fault.expected);
}

// The texts of a node in which quotes mean something.
std::string quoted_text(const Node& node) {
  if (const auto* const loop = node.as<For>()) return loop->set;
  if (const auto* const condition = node.as<If>()) {
    if (const auto* const compared = std::get_if<Compare>(&condition->test))
      return compared->left + " " + compared->right;
    const auto* const exists = std::get_if<Exists>(&condition->test);
    return exists ? exists->path : "";
  }
  const auto* const simple = node.as<Simple>();
  // What echo prints is text, whatever quotes it has.
  return simple && !same_name(invocation(node).name, "echo") ? simple->text : "";
}

void check_curly_quotes(const ScriptPointer& script, Report& report) {
  const Listing as_written = list_statements(script, CurlyQuotes::kept);
  std::set<int> lines;
  visit(as_written, [&lines](const Node& node) {
    if (has_curly_quotes(quoted_text(node))) lines.insert(node.line);
  });
  for (const Statement& statement : as_written.statements)
    for (const Fault& fault : statement.faults)
      if (has_curly_quotes(script->lines[static_cast<size_t>(fault.line) - 1]))
        lines.insert(fault.line);
  for (const int line : lines)
    report.mistake(line, "curly quotes do not quote, they are letters", "write straight ones: \"");
}

void check_labels(const Listing& listing, Report& report) {
  visit(listing, [&](const Node& node) {
    if (!node.as<Simple>()) return;
    const Invocation command = invocation(node);
    const std::string target = jump_target(command);
    const bool goes = same_name(command.name, "goto");
    if (goes && target.empty())
      report.mistake(node.line, "goto does not say where to", "name a label");
    if (target.empty() || target == ":EOF" || has_variables(target)) return;
    if (!listing.script->find_label(target, static_cast<size_t>(node.line)))
      report.mistake(node.line, fmt::format("there is no label \"{}\"", target),
                     suggest_label(*listing.script, target));
  });
}

class UnreachedCode {
 public:
  UnreachedCode(const Listing& listing, const Flow& flow, bool branches_are_unchecked,
                Report& report)
      : listing_(listing),
        flow_(flow),
        branches_are_unchecked_(branches_are_unchecked),
        report_(report) {}

  // The first command of every stretch that no way leads to. A label begins a new stretch.
  void check() {
    size_t line = 0;
    std::string label;
    bool told = false;
    for (const Statement& statement : listing_.statements) {
      const auto name = label_of_line(listing_.script->lines[line]);
      line = statement.next_line;
      if (name && !name->empty()) {
        label = *name;
        told = false;
      }
      if (!statement.node) continue;
      if (flow_.reached.contains(&*statement.node)) {
        label.clear();
        told = false;
        check_inside(*statement.node);
      } else if (!told && does_something(*statement.node)) {
        if (!follows_from_another(label)) tell(*statement.node, label);
        told = true;
      }
    }
  }

 private:
  // rem is a command, but not one that anybody misses.
  static bool does_something(const Node& node) {
    bool found = false;
    visit(node, [&found](const Node& inner) { found = found || inner.as<Simple>() != nullptr; });
    return found;
  }

  // Whether it is only unreached because of a mistake that is reported already: a label that is
  // missing may belong here, and a missing check of ARMS_DISK would lead to such a label.
  [[nodiscard]] bool follows_from_another(const std::string& label) const {
    if (label.empty()) return flow_.leads_nowhere;
    return branches_are_unchecked_ && lower(label).contains("disk");
  }

  void check_inside(const Node& node) {
    for (const Node& child : node.children) {
      const bool reached = flow_.reached.contains(&child);
      if (reached) check_inside(child);
      if (!reached && does_something(child)) return tell(child, "");
    }
  }

  void tell(const Node& node, const std::string& label) {
    if (label.empty())
      report_.mistake(node.line, "this can never be reached",
                      "take it out, or put a label in front of it that something goes to");
    else
      report_.mistake(node.line,
                      fmt::format("this can never be reached: nothing goes to \"{}\"", label),
                      "take it out, or go to the label");
  }

  const Listing& listing_;
  const Flow& flow_;
  bool branches_are_unchecked_;
  Report& report_;
};

// Whether there were any without a check.
bool check_branches(const Listing& listing, Report& report) {
  std::map<int, std::vector<std::string>> events_by_line;
  for (const char* const event : {"START", "FAILOVER"})
    for (const int line : follow(listing, event).unchecked_branches)
      events_by_line[line].emplace_back(event);
  for (const auto& [line, events] : events_by_line)
    report.mistake(line,
                   fmt::format("the branch for {} does not check ARMS_DISK", join(events, " and ")),
                   "begin it with IF \"%ARMS_DISK%\" == \"FAILURE\" GOTO to a label that only "
                   "reports the failure");
  return !events_by_line.empty();
}

}  // namespace

std::vector<Diagnostic> check_scripts(const Surveyed& surveyed) {
  std::vector<Listing> listings;
  for (const CheckedFile& file : surveyed.files)
    listings.push_back(list_statements(file.script, CurlyQuotes::straightened));
  const Stops stops = stops_in_view(surveyed, listings);
  std::vector<Diagnostic> found;
  for (size_t i = 0; i < listings.size(); ++i) {
    const Listing& listing = listings[i];
    Report report(listing.script->path);
    check_syntax(listing, report);
    check_curly_quotes(listing.script, report);
    check_labels(listing, report);
    check_commands(listing, surveyed, surveyed.files[i], report);
    const bool unchecked = check_branches(listing, report);
    const Flow flow = follow(listing, "");
    UnreachedCode(listing, flow, unchecked, report).check();
    if (stops_are_in_view(surveyed, i, stops)) check_starts(listing, stops, report);
    found.insert(found.end(), report.mistakes().begin(), report.mistakes().end());
  }
  return found;
}

}  // namespace tasuki::batch
