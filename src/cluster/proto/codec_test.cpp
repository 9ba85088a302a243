#include "cluster/proto/codec.hpp"

#include <gmock/gmock.h>

namespace tasuki::proto {
namespace {

using namespace core;

std::optional<Config> read_anything(const std::string& text) {
  Config config;
  config.cluster_name = text;
  return config;
}

State example_state() {
  State state;
  state.durable.epoch = 7;
  state.durable.epoch_members = {NodeId{1}, NodeId{3}};
  state.durable.version = 12;
  state.durable.applied = {
      4, "abc", "office", "2026-01-02T03:04:05Z", "sv1", *read_anything("office")};
  state.durable.intent.locked = true;
  state.durable.intent.standby = {NodeId{3}};
  state.durable.intent.groups[GroupName{"group1"}] = {false, NodeId{3}, 11};
  state.durable.let_go[NodeId{2}] = LetGo::power_off;
  state.durable.stuck[GroupName{"group1"}][NodeId{3}] = "data cannot be stopped";
  state.durable.conflicts[GroupName{"group2"}] = {NodeId{1}, NodeId{2}, LetGo::confirmed,
                                                  "2026-01-02T03:04:05Z", false};
  state.durable.vouched[NodeId{2}].groups = {{GroupName{"group1"}, NodeId{1}},
                                             {GroupName{"group2"}, std::nullopt}};
  GroupState& group = state.groups[GroupName{"group1"}];
  group.holder = NodeId{1};
  group.phase = Phase::online;
  group.event = Event::failover;
  group.failures[NodeId{3}] = {"no such device", 5, true, true};
  group.resources = {{ResourceName{"partition-1"}, "up"}};
  group.watches = {{"StarOffice", "Star Office", "running", true, "2026-01-02T05:00:00Z", 2}};
  group.suspended = "a backup";
  group.proof = LetGo::lease;
  group.conflict = Conflict{NodeId{1}, NodeId{3}};
  state.nodes[NodeId{1}].hardware = Hardware{.watchdog = true};
  state.nodes[NodeId{2}].fence_problem = "no answer";
  state.next_ticket = 9;
  return state;
}

TEST(Codec, a_snapshot_carries_the_whole_state) {
  const Snapshot said{"1.5", example_state()};
  const auto heard = decode(encode(said), read_anything);
  ASSERT_TRUE(heard) << heard.error().what;
  EXPECT_EQ(std::get<Snapshot>(*heard).state, said.state);
}

TEST(Codec, a_report_carries_all_that_is_known_of_a_group) {
  const Report said{{GroupName{"group1"},
                     3,
                     Phase::online,
                     "",
                     {},
                     {{"", "Mail", "stopping", false, "", 0}},
                     "a backup",
                     NodeId{2},
                     LetGo::power_off}};
  const auto heard = decode(encode(said), read_anything);
  ASSERT_TRUE(heard) << heard.error().what;
  EXPECT_EQ(std::get<Report>(*heard).report, said.report);
}

TEST(Codec, a_broadcast_may_be_in_any_writing) {
  const auto heard = decode(encode(Broadcast{"group 1", "復旧"}), read_anything);
  ASSERT_TRUE(heard) << heard.error().what;
  EXPECT_EQ(std::get<Broadcast>(*heard).text, "復旧");
}

TEST(Codec, accounts_may_have_no_number) {
  const Accounts said{{{"postgres", 105}, {"nobody-here", std::nullopt}}};
  const auto heard = decode(encode(said), read_anything);
  ASSERT_TRUE(heard) << heard.error().what;
  EXPECT_EQ(std::get<Accounts>(*heard), said);
}

TEST(Codec, a_state_file_keeps_what_is_durable) {
  const StateFile written{example_state().durable, true};
  const auto read = decode_state_file(encode_state_file(written), read_anything);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->durable, written.durable);
  EXPECT_TRUE(read->stale);
}

TEST(Codec, an_unknown_format_is_refused_not_guessed) {
  EXPECT_THAT(decode(R"({"format":2,"say":"leaving"})", read_anything).error().what,
              testing::HasSubstr("format 2 is not known here"));
  EXPECT_THAT(decode(R"({"format":1,"say":"sing"})", read_anything).error().what,
              testing::HasSubstr("unknown message sing"));
}

TEST(Codec, a_torn_text_is_refused) {
  const std::string whole = encode_state_file({example_state().durable, false});
  for (size_t length = 0; length + 1 < whole.size(); length += 7)
    EXPECT_FALSE(decode_state_file(whole.substr(0, length), read_anything)) << length;
}

TEST(Codec, a_configuration_that_this_build_cannot_read_is_refused) {
  const auto read = decode_state_file(encode_state_file({example_state().durable, false}),
                                      [](const std::string&) { return std::nullopt; });
  EXPECT_THAT(read.error().what, testing::HasSubstr("settings that this build does not know"));
}

}  // namespace
}  // namespace tasuki::proto
