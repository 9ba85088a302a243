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
