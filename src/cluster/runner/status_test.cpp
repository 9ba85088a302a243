#include "cluster/runner/status.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::runner {
namespace {

using namespace core;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// One of three virtual machines without a power switch, with a group on a disk that all see.
class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    Config& config = durable_.applied.config;
    config = make_config(3);
    for (Node& node : config.nodes) {
      node.fence.clear();
      node.machine = Machine::virtual_machine;
    }
    config.groups[0].resources.push_back(
        {ResourceName{"data"}, Partition{"/dev/sdb1", "/data", "ext4", ""}});
  }
  Partition& partition() {
    return std::get<Partition>(durable_.applied.config.groups[0].resources[0].what);
  }
  // As this node sees it among those that are there.
  std::vector<std::string> problems(const std::set<NodeId>& members, bool quorate,
                                    std::set<NodeId> seen_with_groups = {}) {
    Replica replica(kSv1, durable_, false, [] { return std::vector<GroupReport>{}; });
    replica.membership_changed({"1.1", {members, members, quorate}});
    Hello hello;
    hello.ring = "1.1";
    hello.members = members;
    hello.quorate = quorate;
    for (const NodeId node : members)
      for (const Message& said : replica.delivered(node, hello).send)
        if (std::holds_alternative<Snapshot>(said)) replica.delivered(kSv1, said);
    EXPECT_TRUE(replica.agreed());
    StatusContext context;
    context.self = kSv1;
    context.seen_with_groups = std::move(seen_with_groups);
    return status_json(replica, context)["problems"];
  }
  Durable durable_;
  const std::set<NodeId> all_{kSv1, kSv2, kSv3};
};

TEST_F(StatusTest, warns_of_everyone_whose_death_only_a_word_could_prove) {
  const auto told = problems(all_, true);
  for (const char* name : {"sv1", "sv2", "sv3"})
    EXPECT_THAT(told, Contains(HasSubstr(fmt::format(
                          "if {} dies, only your word lets another server take over office: it has "
                          "no [[node.fence]], and is a virtual machine",
                          name))));
}

TEST_F(StatusTest, warns_of_a_guard_none_for_ever) {
  partition().guard = Guard::none;
  const auto needless = HasSubstr("group office has a partition with guard = \"none\", though");
  const auto needed = problems(all_, true);
  EXPECT_THAT(needed, Contains(HasSubstr("as guard = \"none\" allows")));
  EXPECT_THAT(needed, Not(Contains(needless)));
  for (Node& node : durable_.applied.config.nodes) node.fence = {{"fence_lab", {}}};
  const auto proved = problems(all_, true);
  EXPECT_THAT(proved, Not(Contains(HasSubstr("only your word"))));
  EXPECT_THAT(proved, Contains(needless));
}

TEST_F(StatusTest, warns_of_no_missing_proof_where_the_disk_refuses_a_lost_server) {
  partition().guard = Guard::scsi_reservation;
  EXPECT_THAT(problems(all_, true), Not(Contains(HasSubstr("only your word"))));
}

TEST_F(StatusTest, advises_no_word_about_a_server_that_lives) {
  const std::set<NodeId> two{kSv1, kSv2};
  EXPECT_THAT(problems(two, true), Contains(HasSubstr("confirm-down sv3")));
  durable_.applied.config.lease_device = "/dev/lease";
  const auto told = problems(two, true, {kSv3});
  EXPECT_THAT(told, Not(Contains(HasSubstr("confirm-down sv3"))));
  EXPECT_THAT(told, Contains("sv3 writes to /dev/lease that it has groups: it lives"));
}

TEST_F(StatusTest, advises_the_word_that_would_be_taken_of_two_that_decide_by_the_fence) {
  durable_.applied.config.nodes.pop_back();
  const auto told = problems({kSv1}, false);
  EXPECT_THAT(told, Contains(HasSubstr("one goes on alone only when the other is surely off")));
  EXPECT_THAT(told, Contains(HasSubstr("say: tasuki node confirm-down sv2 --accept-loss")));
}

TEST_F(StatusTest, tells_of_a_group_that_two_servers_had_until_somebody_looked) {
  durable_.conflicts[kOffice] = {kSv1, kSv2, LetGo::confirmed, "2026-01-02T03:04:05Z", false};
  EXPECT_THAT(problems(all_, true),
              Contains("group office: sv2 started it, because an administrator vouched that sv1 is "
                       "down; but sv1 came back at 2026-01-02T03:04:05Z without having been off, "
                       "so both may have written; look at its data, then say: tasuki group retry "
                       "office"));
}

}  // namespace
}  // namespace tasuki::runner
