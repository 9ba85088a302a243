#include "tests/simulation/cases.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "cluster/simulation/story.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"
#include "tests/simulation/case_script.hpp"
#include "tests/simulation/checks.hpp"

namespace tasuki::simulation {
namespace {

// Who serves what at the end, and what is known of those that are not there.
std::vector<std::string> summary(const World& world) {
  std::vector<std::string> lines;
  const auto via = world.spokesman();
  if (!via) return {"at the end nobody answers"};
  const core::State& state = world.replica(*via)->state();
  for (const core::Group& group : state.config().groups) {
    std::vector<std::string> owners;
    for (const core::NodeId node : world.holders(group.name))
      owners.push_back(state.config().node_name(node));
    const auto now = state.groups.find(group.name);
    lines.push_back(
        fmt::format("at the end {} is {}: {}", group.name,
                    owners.empty() ? "nowhere" : "on " + join(owners, " and "),
                    now == state.groups.end() ? "nothing was decided" : now->second.reason));
  }
  return lines;
}

std::string run_case(const CaseScript& script) {
  Story story(script.config);
  World world({{1, "initial", "initial", "", "", script.config},
               Chance::none(),
               script.traits,
               {},
               {},
               [&](const Line& line) { story.add(line); }});
  Checks checks(world);
  for (const auto& [name, config] : script.other_configs) world.add_config(name, config);
  world.begin();
  for (const core::NodeId node : script.off) [[maybe_unused]]
    const auto off = world.perform({Deed::lose, {node}, {}, {}, {}, 0, ""});
  for (const Fault& fault : script.faults) {
    world.run(fault.time);
    checks.excuse();
    story.add({world.now(),
               std::nullopt,
               {core::Note::Level::info, ">", to_text(fault.sentence, script.config)}});
    if (const auto done = world.perform(fault.sentence); !done)
      story.add(
          {world.now(), std::nullopt, {core::Note::Level::info, "refused", done.error().what}});
  }
  world.run(script.end);
  std::string log;
  for (const std::string& line : story.lines()) log += line + "\n";
  for (const std::string& line : summary(world)) log += line + "\n";
  if (const auto& violation = checks.violation())
    log += fmt::format("violated ({}): {}\n", violation->invariant, violation->what);
  return log;
}

void print_difference(const std::string& name, const std::string& expected,
                      const std::string& found) {
  const auto old_lines = split(expected, '\n');
  const auto new_lines = split(found, '\n');
  fmt::print("FAILED {}\n", name);
  for (const auto line : old_lines)
    if (std::ranges::find(new_lines, line) == new_lines.end()) fmt::print("  - {}\n", line);
  for (const auto line : new_lines)
    if (std::ranges::find(old_lines, line) == old_lines.end()) fmt::print("  + {}\n", line);
}

bool check_case(const std::string& folder, const std::string& name, Expectation expectation) {
  const std::string place = folder + "/cases/" + name;
  const auto script = read_case_script(place + "/script", folder + "/clusters");
  if (!script) {
    fmt::print("FAILED {}\n  {}\n", name, script.error().what);
    return false;
  }
  const std::string found = run_case(*script);
  if (expectation == Expectation::rewrite) {
    std::ofstream(place + "/expected") << found;
    return true;
  }
  if (!std::filesystem::exists(place + "/README.md")) {
    fmt::print("FAILED {}\n  it has no README.md that says why\n", name);
    return false;
  }
  const std::string expected = read_file(place + "/expected").value_or("");
  if (found == expected) return true;
  print_difference(name, expected, found);
  return false;
}

}  // namespace

int run_cases(const std::string& folder, const std::vector<std::string>& names,
              Expectation expectation) {
  std::vector<std::string> all = names;
  if (names.empty())
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/cases"))
      all.push_back(entry.path().filename());
  std::ranges::sort(all);
  const auto failed = std::ranges::count_if(
      all, [&](const std::string& name) { return !check_case(folder, name, expectation); });
  fmt::print("{} cases, {} failed\n", all.size(), failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace tasuki::simulation
