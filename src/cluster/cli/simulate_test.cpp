#include <gmock/gmock.h>

#include "cluster/cli/command.hpp"
#include "cluster/cli/simulate_times.hpp"
#include "cluster/cli/testing.hpp"

namespace tasuki::cli {
namespace {

using testing::HasSubstr;

const std::string kConfiguration = TASUKI_SOURCE_DIR "/tests/simulation/clusters/pair-witness.toml";

struct Said {
  api::Exit exit;
  std::string out;
  std::string complaints;
};

Said simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "simulate");
  FakeTerminal terminal;
  const api::Exit exit = run_command(arguments, terminal);
  return {exit, terminal.out, terminal.complaints};
}

TEST(Simulate, tells_what_follows_how_fast_and_which_proof) {
  const Said said = simulate({kConfiguration, "lose sv1"});
  EXPECT_EQ(said.exit, api::Exit::ok) << said.complaints;
  EXPECT_THAT(said.out, HasSubstr("its power is off, confirmed after"));
  EXPECT_THAT(said.out, HasSubstr("; the proof: power off"));
  EXPECT_THAT(said.out, HasSubstr("600 ms (derived from detect)"));
}

TEST(Simulate, answers_as_json) {
  const Said said = simulate({kConfiguration, "lose sv1", "start sv1", "--json"});
  const Json answer = Json::parse(said.out);
  ASSERT_EQ(answer.at("answers").size(), 2U);
  EXPECT_EQ(answer["answers"][0]["groups"][0]["to"], "sv2");
  EXPECT_EQ(answer["answers"][0]["groups"][0]["proof"], "power off");
  EXPECT_TRUE(answer["answers"][1]["groups"].empty());
}

TEST(Simulate, refuses_a_wrong_sentence_with_what_is_expected) {
  const Said said = simulate({kConfiguration, "lose sv7"});
  EXPECT_EQ(said.exit, api::Exit::usage);
  EXPECT_THAT(said.complaints, HasSubstr("expected one of: sv1, sv2"));
  EXPECT_EQ(simulate({kConfiguration}).exit, api::Exit::usage);
  EXPECT_EQ(simulate({"/no/such.toml", "lose sv1"}).exit, api::Exit::failed);
}

TEST(SimulatedTimes, are_the_medians_of_what_was_recorded) {
  core::Config config;
  core::Group group;
  group.name = core::GroupName{"web"};
  core::Resource address;
  address.name = core::ResourceName{"floating-ip-1"};
  address.what = core::FloatingIp{};
  group.resources.push_back(address);
  config.groups.push_back(group);
  Json failovers = Json::array();
  for (const double ms : {3.0, 9.0, 4.0})
    failovers.push_back({{"group", "web"}, {"steps", {{{"name", "floating-ip-1"}, {"ms", ms}}}}});
  const SimulatedTimes times = simulated_times(config, failovers);
  EXPECT_EQ(times.pace.known_starts.at("web/floating-ip-1"), std::chrono::milliseconds(4));
  EXPECT_EQ(times.known.back().source, "measured, median of 3");
}

}  // namespace
}  // namespace tasuki::cli
