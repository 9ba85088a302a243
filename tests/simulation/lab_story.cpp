// The simulator's half of the comparison with the lab: tests/simulation/lab-agreement has the
// other.
#include <sstream>

#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/text.hpp"
#include "tests/simulation/case_script.hpp"
#include "tests/simulation/cases.hpp"

namespace tasuki::simulation {
namespace {

// As long as the lab is given to settle after each step, and longer than everything takes.
constexpr Time kSettle = 90s;

// The lab's power switch is a program on the same machine.
constexpr Range kLabSwitch{10ms, 30ms, 60ms};

// {"web": "sv1", "members": "sv1", "proof": {"sv2": "power off"}}, by the deciding side.
Json what_is(const World& world, const core::Config& config) {
  Json now = Json::object();
  for (const core::Group& group : config.groups) {
    std::vector<std::string> owners;
    for (const core::NodeId node : world.holders(group.name))
      owners.push_back(config.node_name(node));
    now[group.name.value] = join(owners, " ");
  }
  const auto via = world.spokesman();
  if (!via) return now;
  std::vector<std::string> members;
  for (const core::NodeId node : world.replica(*via)->view().members)
    members.push_back(config.node_name(node));
  now["members"] = join(members, " ");
  if (!world.replica(*via)->may_decide()) return now;
  for (const core::Node& node : config.nodes) {
    const core::LetGo proof = world.replica(*via)->state().let_go(node.id);
    if (proof != core::LetGo::unproven) now["proof"][node.name] = core::to_text(proof);
  }
  return now;
}

}  // namespace

int tell_story(const std::string& case_folder) {
  const auto config = read_cluster(case_folder + "/cluster.toml");
  const auto story = read_file(case_folder + "/story");
  if (!config || !story) {
    fmt::print(stderr, "{}\n", config ? story.error().what : config.error().what);
    return 2;
  }
  Pace pace;
  pace.power_off = kLabSwitch;
  World world({{1, "initial", "initial", "", "", *config},
               Chance::none(),
               traits_of(*config),
               pace,
               {},
               {}});
  world.begin();
  world.run(kSettle);
  fmt::print("{}\n", what_is(world, *config).dump());
  std::istringstream lines(*story);
  for (std::string line; std::getline(lines, line);) {
    const std::string text(trim(line.substr(0, line.find('#'))));
    if (text.empty()) continue;
    const auto sentence = parse_sentence(text, *config);
    const auto done = sentence ? world.perform(*sentence) : Result<void>(failure(sentence.error()));
    if (!done) {
      fmt::print(stderr, "{}\n", done.error().what);
      return 2;
    }
    world.run(world.now() + kSettle);
    fmt::print("{}\n", what_is(world, *config).dump());
  }
  return 0;
}

}  // namespace tasuki::simulation
