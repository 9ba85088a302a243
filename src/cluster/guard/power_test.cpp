#include "cluster/guard/power.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "cluster/guard/agent.hpp"
#include "cluster/guard/agent_testing.hpp"
#include "kit/fd.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

bool ends_soon(pid_t pid) {
  const Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd wait{end.get(), POLLIN, 0};
  return !end || ::poll(&wait, 1, 5000) == 1;
}

using PowerTest = AgentTest;

constexpr auto kSwitch = R"(case $action in
  off) touch $state/off;;
  status) [ -e $state/off ] && exit 2 || exit 0;;
esac)";

TEST_F(PowerTest, ReadsTheExitCodeOfStatus) {
  EXPECT_EQ(run(power_status(agent("exit 0"), "sv1")), Power::on);
  EXPECT_EQ(run(power_status(agent("exit 2"), "sv1")), Power::off);
  const auto failed =
      run(power_status(agent("echo trying; echo 'no route' >&2; echo; exit 1"), "sv1"));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().what, HasSubstr("status failed (1): no route"));
}

TEST_F(PowerTest, GivesOptionsOnStandardInput) {
  core::FenceDevice device = agent("exit 0");
  device.options = {{"ip", "10.0.0.1"}, {"password", "a b=c"}};
  EXPECT_TRUE(run(power_status(device, "sv1")));
  EXPECT_EQ(written("options"), "action=status\nplug=sv1\nip=10.0.0.1\npassword=a b=c\n");
}

TEST_F(PowerTest, LeavesThePlugToTheOptionsThatNameIt) {
  EXPECT_EQ(agent_input({.agent = "a", .options = {{"plug", "7"}}}, "off", "sv1"),
            "action=off\nplug=7\n");
  EXPECT_EQ(agent_input({.agent = "a", .options = {{"port", "7"}}}, "off", "sv1"),
            "action=off\nport=7\n");
}

TEST_F(PowerTest, RefusesOptionsThatWouldBecomeTwo) {
  EXPECT_FALSE(agent_input({.agent = "a", .options = {{"ip", "x\naction=on"}}}, "off", "sv1"));
}

TEST_F(PowerTest, ProvesWhenOffSucceededAndStatusSaysOff) {
  EXPECT_TRUE(run(prove_power_off(agent(kSwitch), "sv1")));
}

TEST_F(PowerTest, WaitsForThePowerToFall) {
  const auto device = agent(R"(case $action in
    status) echo x >>$state/asked; [ $(wc -l <$state/asked) -ge 3 ] && exit 2 || exit 0;;
  esac)");
  EXPECT_TRUE(run(prove_power_off(device, "sv1")));
  EXPECT_EQ(written("asked"), "x\nx\nx\n");
}

TEST_F(PowerTest, DoesNotBelieveOffWhileStatusSaysOn) {
  const auto proof = run(prove_power_off(agent("exit 0", 1500ms), "sv1"));
  ASSERT_FALSE(proof);
  EXPECT_THAT(proof.error().what,
              HasSubstr("off succeeded, but after 1500ms status still says on"));
}

TEST_F(PowerTest, TellsWhatStatusSaidLastAlsoWhenTheTimeEndsWhileItIsAsked) {
  const auto device = agent(R"([ $action = off ] && exit 0
    [ -e $state/answered ] && exec sleep 60
    touch $state/answered)",
                            1500ms);
  const auto proof = run(prove_power_off(device, "sv1"));
  ASSERT_FALSE(proof);
  EXPECT_THAT(proof.error().what, HasSubstr("after 1500ms status still says on"));
}

TEST_F(PowerTest, DoesNotBelieveStatusWhenOffFailed) {
  const auto device = agent("[ $action = status ] && exit 2; echo 'unknown plug' >&2; exit 1");
  const auto proof = run(prove_power_off(device, "sv1"));
  ASSERT_FALSE(proof);
  EXPECT_THAT(proof.error().what, HasSubstr("off failed (1): unknown plug"));
}

TEST_F(PowerTest, TriesTheLevelsInOrder) {
  EXPECT_TRUE(run(prove_power_off(std::vector{agent("exit 1"), agent(kSwitch)}, "sv1")));
}

TEST_F(PowerTest, TellsWhyEveryLevelFailed) {
  const auto proof = run(prove_power_off(
      std::vector{agent("echo bad login; exit 1"), agent("echo no route; exit 1")}, "sv1"));
  ASSERT_FALSE(proof);
  EXPECT_THAT(proof.error().what, HasSubstr("level 1: "));
  EXPECT_THAT(proof.error().what, HasSubstr("bad login; level 2: "));
  EXPECT_THAT(proof.error().what, HasSubstr("no route"));
  EXPECT_FALSE(run(prove_power_off(std::vector<core::FenceDevice>{}, "sv1")));
}

TEST_F(PowerTest, KillsAnAgentThatHangsWithAllItStarted) {
  const auto device = agent("sleep 1000 & echo $$ $! >$state/pids; wait", 300ms);
  const auto power = run(power_status(device, "sv1"));
  ASSERT_FALSE(power);
  EXPECT_THAT(power.error().what, HasSubstr("no answer within 300ms, killed"));
  const std::string pids = written("pids");
  for (const auto pid : split(trim(pids), ' '))
    EXPECT_TRUE(ends_soon(std::stoi(std::string(pid)))) << "pids " << pids;
}

TEST_F(PowerTest, DoesNotWaitForWhatAnAgentLeftBehind) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run(power_status(agent("sleep 1000 & exit 2"), "sv1")), Power::off);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(PowerTest, ReadsAnAgentThatPrintsMuchAndKeepsTheEnd) {
  const auto power =
      run(power_status(agent("yes | head -c 5000000; echo 'the reason' >&2; exit 1"), "sv1"));
  ASSERT_FALSE(power);
  EXPECT_THAT(power.error().what, testing::EndsWith("the reason"));
  EXPECT_LT(power.error().what.size(), 1000U);
}

TEST_F(PowerTest, NamesAnAgentThatIsNotThere) {
  const auto power = run(power_status({.agent = "fence_nowhere", .options = {}}, "sv1"));
  ASSERT_FALSE(power);
  EXPECT_THAT(power.error().what, HasSubstr("fence_nowhere status: it is not installed here"));
  EXPECT_FALSE(run(power_status({.agent = "/nowhere/fence", .options = {}}, "sv1")));
}

TEST_F(PowerTest, TellsTheSignalThatEndedAnAgent) {
  const auto power = run(power_status(agent("kill -9 $$"), "sv1"));
  ASSERT_FALSE(power);
  EXPECT_THAT(power.error().what, HasSubstr("ended by signal 9"));
}

TEST_F(PowerTest, MonitorsWithoutAPlug) {
  EXPECT_TRUE(run(monitor_power_device(agent("exit 0"))));
  EXPECT_EQ(written("options"), "action=monitor\n");
  EXPECT_FALSE(run(monitor_power_device(agent("exit 1"))));
}

}  // namespace
}  // namespace tasuki::guard
