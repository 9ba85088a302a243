// What may be said to the power controller and to a watchdog, and to the fence agent.
#include "cluster/lab/power_protocol.hpp"

#include <sstream>

#include <gmock/gmock.h>

#include "cluster/lab/fence_agent.hpp"
#include "cluster/lab/plan.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(PowerProtocol, KnowsItsRequests) {
  EXPECT_EQ(*parse_power_request("off sv1"), (PowerRequest{PowerAction::off, "sv1"}));
  EXPECT_EQ(*parse_power_request("on sv1"), (PowerRequest{PowerAction::on, "sv1"}));
  EXPECT_EQ(*parse_power_request("status sv1"), (PowerRequest{PowerAction::status, "sv1"}));
  EXPECT_EQ(*parse_power_request("list"), (PowerRequest{PowerAction::list, ""}));
}

TEST(PowerProtocol, RefusesEverythingElse) {
  for (const char* line : {"", "off", "list sv1", "cycle sv1"})
    EXPECT_FALSE(parse_power_request(line)) << line;
}

TEST(WatchdogProtocol, KnowsItsRequests) {
  EXPECT_EQ(*parse_watchdog_request("pet 2500"), WatchdogRequest(Pet{2500ms}));
  EXPECT_EQ(*parse_watchdog_request("disarm"), WatchdogRequest(Disarm{}));
  EXPECT_EQ(*parse_watchdog_request("reset umount of /data hangs"),
            WatchdogRequest(ResetNow{"umount of /data hangs"}));
}

TEST(WatchdogProtocol, RefusesTimesThatAreNone) {
  for (const char* line : {"pet", "pet 0", "pet -5", "pet 2s", "pet 99999999999999999999", "off"})
    EXPECT_FALSE(parse_watchdog_request(line)) << line;
}

struct AgentRun {
  int status;
  std::string output;
  std::string errors;
};

AgentRun run_agent(const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream errors;
  const int status = run_fence_agent(kLabAgent, in, out, errors);
  return {status, out.str(), errors.str()};
}

TEST(FenceAgent, DescribesItself) {
  const auto run = run_agent("action=metadata\n");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output, HasSubstr("<resource-agent name=\"fence_tasuki_lab\""));
}

TEST(FenceAgent, NeverSucceedsWithoutItsController) {
  for (const char* action : {"off", "on", "reboot", "status", "monitor", "list"}) {
    const auto run =
        run_agent(std::string("action=") + action + "\nplug=sv1\nsocket=/nonexistent/power.sock\n");
    EXPECT_EQ(run.status, 1) << action;
    EXPECT_THAT(run.errors, HasSubstr("/nonexistent/power.sock")) << action;
  }
}

TEST(FenceAgent, RefusesToSwitchWhatWasNotNamed) {
  EXPECT_EQ(run_agent("action=off\nsocket=/nonexistent/power.sock\n").status, 1);
}

}  // namespace
}  // namespace tasuki::lab
