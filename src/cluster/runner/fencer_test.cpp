// The fencer with agents that are small scripts.
#include "cluster/runner/fencer.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::runner {
namespace {

using namespace std::chrono_literals;
using core::FenceOrder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const core::NodeId kSelf{1};
const core::NodeId kLost{2};

struct FencerTest : testing::Test {
  std::string folder = make_test_folder();
  asio::io_context io;
  core::Config config;
  std::vector<core::FenceResult> results;
  bool wanted = true;
  int ended = 0;
  bool reached = true;
  std::chrono::milliseconds asked_for{};
  Fencer fencer{io,
                kSelf,
                [this](std::chrono::milliseconds limit) { return reach(limit); },
                [this](const core::FenceResult& result) { results.push_back(result); },
                [this](const FenceOrder&) { return wanted; },
                [this] { ++ended; }};

  Task<bool> reach(std::chrono::milliseconds limit) {
    asked_for = limit;
    co_return reached;
  }
  // Its body sees $action; every call is written down.
  void use_agent(const std::string& body) {
    const std::string agent = folder + "/agent";
    std::ofstream(agent) << "#!/bin/sh\nwhile read -r line; do case $line in action=*) "
                            "action=${line#action=};; esac; done\necho $action >>"
                         << folder << "/calls\n"
                         << body << "\n";
    ::chmod(agent.c_str(), 0755);
    core::Node lost;
    lost.id = kLost;
    lost.name = "sv2";
    lost.fence.push_back({agent, {}, 5s});
    config.nodes = {lost};
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void carry_out(const std::vector<FenceOrder>& orders) { fencer.carry_out(orders, config, 20ms); }
  // Until nothing is under way.
  void run() {
    io.restart();
    io.run();
  }
  void look_at_devices() {
    start_task(io.get_executor(), fencer.look_at_devices(config.nodes));
    run();
  }
  [[nodiscard]] std::string calls() const { return read_file(folder + "/calls").value_or(""); }
};

constexpr const char* kWorks = "[ $action = status ] && exit 2; exit 0";

TEST_F(FencerTest, tells_that_the_power_is_off) {
  use_agent(kWorks);
  carry_out({{kLost, kSelf, 0, false}});
  run();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0].proved);
  EXPECT_EQ(ended, 1);
}

TEST_F(FencerTest, an_attempt_is_made_once_however_often_it_is_ordered) {
  use_agent(kWorks);
  const std::vector<FenceOrder> orders{{kLost, kSelf, 0, false}};
  carry_out(orders);
  carry_out(orders);
  run();
  carry_out(orders);  // its result is still on its way to all
  run();
  EXPECT_EQ(calls(), "off\nstatus\n");
  carry_out({});
  carry_out(orders);  // the node was lost once more
  run();
  EXPECT_EQ(calls(), "off\nstatus\noff\nstatus\n");
}

TEST_F(FencerTest, a_failure_is_told_with_the_reason_and_the_next_attempt_is_made) {
  use_agent("echo 'connection refused' >&2; exit 1");
  carry_out({{kLost, kSelf, 0, false}});
  run();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_FALSE(results[0].proved);
  EXPECT_THAT(results[0].problem, HasSubstr("connection refused"));
  carry_out({{kLost, kSelf, 1, false}});
  run();
  EXPECT_EQ(results.size(), 2U);
}

TEST_F(FencerTest, one_that_should_lose_waits_and_is_asked_whether_it_is_still_wanted) {
  use_agent(kWorks);
  carry_out({{kLost, kSelf, 0, true}});
  wanted = false;
  run();
  EXPECT_EQ(calls(), "");
  EXPECT_EQ(ended, 1) << "so that a changed order is taken up";
}

TEST_F(FencerTest, of_two_that_lose_each_other_one_that_reaches_nobody_outside_waits_longer) {
  use_agent(kWorks);
  carry_out({{kLost, kSelf, 0, false}});
  run();
  EXPECT_EQ(asked_for, 0ms) << "nobody races";

  core::Node self = config.nodes[0];
  self.id = kSelf;
  config.nodes.push_back(self);
  config.ping_hosts = {"10.0.0.254"};
  reached = false;
  carry_out({});
  carry_out({{kLost, kSelf, 0, false}});
  run();
  EXPECT_EQ(asked_for, 80ms) << "four times what the one that should lose waits";
  EXPECT_EQ(results.size(), 2U) << "a hint keeps nobody from going on";
}

TEST_F(FencerTest, does_not_carry_out_what_falls_to_another) {
  use_agent(kWorks);
  carry_out({{kLost, core::NodeId{3}, 0, false}});
  run();
  EXPECT_EQ(calls(), "");
}

TEST_F(FencerTest, tells_of_a_device_that_does_not_answer_or_does_not_understand_its_settings) {
  use_agent("echo 'no route to host'; exit 1");
  look_at_devices();
  EXPECT_THAT(fencer.device_problems(),
              ElementsAre(HasSubstr("the power switch of sv2 does not answer: ")));

  use_agent("echo 'no XML'");
  look_at_devices();
  EXPECT_THAT(fencer.device_problems(), ElementsAre(HasSubstr("metadata: it prints no metadata")));

  use_agent("[ $action = metadata ] && exit 1; exit 0");
  look_at_devices();
  EXPECT_THAT(fencer.device_problems(), IsEmpty()) << "it may work all the same";

  use_agent(R"(echo '<resource-agent><parameters><parameter name="ip"/></parameters><actions>
    <action name="off"/><action name="status"/><action name="monitor"/></actions>
    </resource-agent>')");
  look_at_devices();
  EXPECT_THAT(fencer.device_problems(), IsEmpty());

  config.nodes[0].fence[0].options["ipp"] = "10.0.0.1";
  look_at_devices();
  EXPECT_THAT(
      fencer.device_problems(),
      ElementsAre(AllOf(HasSubstr("the power switch of sv2 is set up wrongly: "),
                        HasSubstr("has no option \"ipp\" and would pass over it; did you mean "
                                  "\"ip\"?"))));
}

}  // namespace
}  // namespace tasuki::runner
