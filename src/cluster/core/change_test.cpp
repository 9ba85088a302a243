#include "cluster/core/change.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::core {
namespace {

std::string refusal(const World& world, const Change& change) {
  const auto checked = check_change(world.state, world.view, change);
  return checked ? "" : checked.error().what;
}

TEST(Change, a_failed_group_waits_for_retry) {
  World world;
  world.group().failed = true;
  const std::string why = "group \"office\" failed; mend it, then say: tasuki group retry office";
  EXPECT_EQ(refusal(world, StartGroup{kOffice, {}}), why);
  EXPECT_EQ(refusal(world, MoveGroup{kOffice, kSv2}), why);
  EXPECT_EQ(refusal(world, RetryGroup{kOffice}), "");
}

TEST(Change, a_group_that_two_nodes_had_waits_for_retry_whatever_else_is_asked) {
  World world;
  world.group().conflict = Conflict{kSv1, kSv2, LetGo::power_off, "", true};
  const std::string why =
      "group \"office\" was on two nodes at once: sv2 started it, because the power of sv1 was "
      "switched off, and its switch confirmed it; but sv1 still had it when they met; look at what "
      "both wrote, then say: tasuki group retry office";
  EXPECT_EQ(refusal(world, StartGroup{kOffice, kSv3}), why);
  EXPECT_EQ(refusal(world, StartGroup{kOffice, {}}), why);
  EXPECT_EQ(refusal(world, MoveGroup{kOffice, kSv2}), why);
  EXPECT_EQ(refusal(world, RetryGroup{kOffice}), "");
  remember(world.state);
  apply_side_effects(world.state, RetryGroup{kOffice});
  recall(world.state);
  EXPECT_FALSE(world.group().conflict);
}

TEST(Change, nobody_vouches_for_a_node_that_answers) {
  World world;
  world.has_no_tasukid(kSv2);
  EXPECT_EQ(refusal(world, ConfirmNodeDown{kSv2}),
            "sv2 is up: its Corosync answers. Switch its power off first; until then what it had "
            "may go on there");
  world.is_lost(kSv2);
  EXPECT_EQ(refusal(world, ConfirmNodeDown{kSv2}), "");
}

TEST(Change, a_failed_group_that_was_stopped_then_may_be_started) {
  World world;
  world.group().failed = true;
  world.stopped();
  EXPECT_EQ(refusal(world, StartGroup{kOffice, {}}), "");
}

TEST(Change, a_running_group_is_moved_by_move_and_not_by_start) {
  World world;
  world.runs_on(kSv1);
  EXPECT_EQ(refusal(world, StartGroup{kOffice, kSv2}),
            "group \"office\" runs on sv1; say: tasuki group move office --to sv2");
  EXPECT_EQ(refusal(world, StartGroup{kOffice, kSv1}), "");
}

TEST(Change, what_was_asked_of_a_group_is_forgotten_with_it) {
  World world;
  world.stopped();
  world.set_aside(kSv3);
  ApplyConfig without{world.state.durable.applied};
  without.applied.config.groups.clear();
  without.applied.config.nodes.pop_back();
  const Durable next = changed(world.state, world.view, without);
  EXPECT_TRUE(next.intent.groups.empty());
  EXPECT_TRUE(next.intent.standby.empty());
}

// --- a configuration

// The group's partition, at whichever group it is.
Resource data_partition() {
  Resource resource;
  resource.name = ResourceName{"data"};
  resource.what = Partition{"/dev/sdb1", "/data", "ext4", ""};
  return resource;
}

// What is applied in this world, to be changed.
ApplyConfig as_it_is(const World& world) {
  return {world.state.durable.applied};
}

Group other_group(std::vector<NodeId> policy) {
  Group group;
  group.name = GroupName{"other"};
  group.policy = std::move(policy);
  group.resources.push_back(data_partition());
  return group;
}

TEST(ChangeOfConfig, is_refused_when_it_was_compared_with_another_version) {
  World world;
  world.state.durable.applied.counter = 14;
  world.state.durable.applied.applied_by = "sv2";
  ApplyConfig change = as_it_is(world);
  change.base = 14;
  EXPECT_EQ(refusal(world, change), "");
  change.base = 13;
  EXPECT_EQ(refusal(world, change),
            "the configuration is version 14 now, applied on sv2, and this was compared with "
            "version 13; look at the difference again");
}

TEST(ChangeOfConfig, gives_no_id_to_another_node) {
  World world;
  ApplyConfig renamed = as_it_is(world);
  renamed.applied.config.nodes[0].name = "svX";
  EXPECT_EQ(refusal(world, renamed),
            "node id 1 belongs to sv1; an id is never used again, so give svX another one");
  ApplyConfig renumbered = as_it_is(world);
  renumbered.applied.config.nodes[0].id = NodeId{5};
  EXPECT_EQ(refusal(world, renumbered), "node sv1 has id 1, which never changes; write id = 1");
}

TEST(ChangeOfConfig, remembers_the_ids_of_removed_nodes) {
  World world;
  ApplyConfig without = as_it_is(world);
  without.applied.config.nodes.pop_back();
  const ApplyConfig with_again = as_it_is(world);
  world.state.durable = changed(world.state, world.view, without);
  EXPECT_EQ(world.state.node_name(kSv3), "sv3");
  ApplyConfig reused = with_again;
  reused.applied.config.nodes.back().name = "svX";
  EXPECT_NE(refusal(world, reused), "");
  EXPECT_EQ(refusal(world, with_again), "") << "it may come back itself";
  EXPECT_TRUE(changed(world.state, world.view, with_again).retired.empty());
}

TEST(ChangeOfConfig, leaves_a_node_that_may_still_run_a_group_in_its_policy) {
  World world;
  world.is_lost(kSv1);
  world.state.nodes[kSv1].may_hold_anything = true;
  ApplyConfig elsewhere = as_it_is(world);
  elsewhere.applied.config.groups[0].policy = {kSv2, kSv3};
  EXPECT_EQ(refusal(world, elsewhere),
            "sv1 is away and may still run group office, so it cannot leave the group's policy; "
            "start it, or if it is surely down, say: tasuki node confirm-down sv1");
  ApplyConfig without = as_it_is(world);
  without.applied.config.groups.clear();
  EXPECT_NE(refusal(world, without), "");
  world.let_go(kSv1, LetGo::confirmed);
  EXPECT_EQ(refusal(world, elsewhere), "");
  EXPECT_EQ(refusal(world, without), "");
}

TEST(ChangeOfConfig, takes_no_part_from_a_group_that_runs) {
  World world;
  world.configured().resources.push_back(data_partition());
  world.runs_on(kSv1);
  ApplyConfig change = as_it_is(world);
  change.applied.config.groups[0].resources.clear();
  change.applied.config.groups.push_back(other_group({kSv2}));
  EXPECT_EQ(refusal(world, change),
            "the partition /dev/sdb1 goes from group office to group other while office is "
            "running; say first: tasuki group stop office --wait");
  world.group() = {};
  EXPECT_EQ(refusal(world, change), "");
}

TEST(ChangeOfConfig, gives_no_part_away_that_a_removed_group_may_still_have) {
  World world;
  world.configured().resources.push_back(data_partition());
  world.runs_on(kSv1);
  ApplyConfig without = as_it_is(world);
  without.applied.config.groups.clear();
  ASSERT_EQ(refusal(world, without), "");
  world.state.durable = changed(world.state, world.view, without);
  ApplyConfig change = as_it_is(world);
  change.applied.config.groups.push_back(other_group({kSv2}));
  EXPECT_EQ(refusal(world, change),
            "group office, which was removed, is not down yet and may still have the partition "
            "/dev/sdb1; apply this once tasuki events says that it is down");
}

TEST(ChangeOfConfig, gives_no_part_away_that_an_unseen_node_may_still_have) {
  World world;
  world.is_lost(kSv3);
  world.state.nodes[kSv3].may_hold_anything = true;
  ApplyConfig change = as_it_is(world);
  change.applied.config.groups.push_back(other_group({kSv1, kSv2}));
  EXPECT_EQ(refusal(world, change),
            "sv3 has not been seen and may still have the partition /dev/sdb1; start it, or if it "
            "is surely down, say: tasuki node confirm-down sv3");
}

TEST(Change, is_told_to_people_with_its_object) {
  const World world;
  EXPECT_EQ(describe(world.state, SetLocked{true}).text,
            "an administrator locked it; nothing fails over");
  const Note moved = describe(world.state, MoveGroup{kOffice, kSv2});
  EXPECT_EQ(moved.subject, "group office");
  EXPECT_EQ(describe(world.state, ConfirmNodeDown{kSv2}).subject, "node sv2");
}

}  // namespace
}  // namespace tasuki::core
