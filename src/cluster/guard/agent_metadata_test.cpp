#include "cluster/guard/agent_metadata.hpp"

#include <gmock/gmock.h>

#include "cluster/guard/agent_testing.hpp"

namespace tasuki::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

// As an agent of the fence-agents prints it.
constexpr std::string_view kMetadata = R"(fence_pdu:5: DeprecationWarning: old
<?xml version="1.0" ?>
<resource-agent name="fence_pdu" shortdesc="Power strip">
<parameters>
  <parameter name="action" unique="0" required="1"><content type="string" default="off"/></parameter>
  <parameter name="ip" unique="0" required="1" obsoletes="ipaddr"><content type="string"/></parameter>
  <parameter name="ipaddr" unique="0" required="1" deprecated="1"><content type="string"/></parameter>
  <parameter name="plug" unique="0" required="1" obsoletes="port"><content type="string"/></parameter>
  <parameter name="port" unique="0" required="1" deprecated="1"><content type="string"/></parameter>
  <parameter name="method" unique="0" required="0"><content type="select" default="onoff">
    <option value="onoff"/><option value="cycle"/></content></parameter>
  <parameter name="ipport" unique="0" required="0"><content type="integer" default="23"/></parameter>
  <parameter name="login_timeout" unique="0" required="0"><content type="second"/></parameter>
  <parameter name="lanplus" unique="0" required="0"><content type="boolean"/></parameter>
</parameters>
<actions><action name="off"/><action name="on" automatic="0"/><action name="status"/>
  <action name="monitor"/></actions>
</resource-agent>
)";

Texts problems_of(const std::map<std::string, std::string>& options,
                  std::string_view metadata = kMetadata) {
  Texts problems;
  for (const auto& problem : check_settings(
           parse_agent_metadata(metadata).value(),
           {.agent = "fence_pdu", .options = options, .limit = std::chrono::seconds(20)}))
    problems.push_back(problem.option + ": " + problem.what + "; " + problem.expected);
  return problems;
}

TEST(AgentMetadataTest, FindsNothingWrongWithSettingsThatTheAgentReads) {
  EXPECT_THAT(problems_of({{"ip", "10.0.0.1"},
                           {"method", "CYCLE"},
                           {"ipport", "2023"},
                           {"login_timeout", "5"},
                           {"lanplus", "Yes"}}),
              IsEmpty());
}

TEST(AgentMetadataTest, TellsOfAnAgentThatSwitchesNoPower) {
  for (const std::string_view mark : {R"(on_target="1")", R"(automatic="1")"}) {
    std::string metadata(kMetadata);
    metadata.replace(metadata.find(R"(automatic="0")"), 13, mark);
    EXPECT_THAT(problems_of({{"ip", "10.0.0.1"}}, metadata),
                ElementsAre(HasSubstr("leaves its power on, so it proves nothing")));
  }
}

TEST(AgentMetadataTest, TakesTheOlderNameOfAnOption) {
  EXPECT_THAT(problems_of({{"ipaddr", "10.0.0.1"}, {"port", "7"}}), IsEmpty());
}

TEST(AgentMetadataTest, TellsWhichOptionTheAgentDoesNotKnow) {
  EXPECT_THAT(problems_of({{"ip", "10.0.0.1"}, {"methud", "cycle"}}),
              ElementsAre("methud: fence_pdu has no option \"methud\" and would pass over it; did "
                          "you mean \"method\"?"));
  EXPECT_THAT(problems_of({{"ip", "10.0.0.1"}, {"community", "x"}}),
              ElementsAre("community: fence_pdu has no option \"community\" and would pass over "
                          "it; echo action=metadata | fence_pdu lists its options"));
}

TEST(AgentMetadataTest, TellsWhatIsMissing) {
  EXPECT_THAT(problems_of({}), ElementsAre(": fence_pdu needs \"ip\"; write it into options"));
}

TEST(AgentMetadataTest, TellsWhichValueTheAgentCannotRead) {
  EXPECT_THAT(
      problems_of({{"ip", "10.0.0.1"},
                   {"ipport", "ssh"},
                   {"lanplus", "perhaps"},
                   {"login_timeout", "5s"},
                   {"method", "pull"}}),
      ElementsAre("ipport: fence_pdu cannot read ipport = \"ssh\"; a whole number",
                  "lanplus: fence_pdu cannot read lanplus = \"perhaps\"; true or false",
                  "login_timeout: fence_pdu cannot read login_timeout = \"5s\"; a whole number of "
                  "seconds",
                  "method: fence_pdu cannot read method = \"pull\"; \"onoff\" or \"cycle\""));
}

TEST(AgentMetadataTest, TellsThatAnAgentCannotProveAnything) {
  EXPECT_THAT(problems_of({},
                          "<resource-agent><actions><action name=\"off\"/><action "
                          "name=\"monitor\"/></actions></resource-agent>"),
              ElementsAre(": fence_pdu knows no \"status\"; only off, confirmed by status, proves "
                          "that a node is off"));
}

TEST(AgentMetadataTest, IsNotFooledByWhatIsNoMetadata) {
  for (const auto* const text :
       {"", "usage: fence_pdu", "<resource-agent", "</resource-agent><resource-agent>",
        "<resource-agent><parameters></resource-agent>"})
    EXPECT_FALSE(parse_agent_metadata(text)) << text;
}

using AskForMetadata = AgentTest;

TEST_F(AskForMetadata, AsksTheAgentWithoutItsOptions) {
  auto device = agent("cat <<'END'\n" + std::string(kMetadata) + "END\n");
  device.options = {{"password", "secret"}};
  const auto metadata = run(agent_metadata(device));
  ASSERT_TRUE(metadata);
  EXPECT_EQ(check_settings(*metadata, device).size(), 2U);
  EXPECT_EQ(written("options"), "action=metadata\n");
}

TEST_F(AskForMetadata, TellsThatAnAgentSaysNothingOfItself) {
  const auto silent = run(agent_metadata(agent("exit 0")));
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().what, HasSubstr("metadata: it prints no metadata"));
  const auto failing = run(agent_metadata(agent("echo 'no such action' >&2; exit 1")));
  ASSERT_FALSE(failing);
  EXPECT_THAT(failing.error().what, HasSubstr("metadata failed (1): no such action"));
}

}  // namespace
}  // namespace tasuki::guard
