#include "cluster/core/timers.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct TimersTest : testing::Test {
  World world;
  [[nodiscard]] std::vector<Timer> timers() const {
    return timers_of(world.state, world.view, *derive_timing(world.state.config()));
  }
};

TEST_F(TimersTest, a_failure_expires) {
  world.runs_on(kSv2);
  world.failed_on(kSv1);
  const auto running = timers();
  ASSERT_THAT(running, SizeIs(1));
  apply_expiry(world.state, world.view, running[0].name, true);
  EXPECT_THAT(world.group().failures, IsEmpty());
}

TEST_F(TimersTest, the_return_of_a_node_is_not_waited_for_longer_than_a_lease) {
  world.is_only_just_back(kSv1);
  const auto running = timers();
  ASSERT_THAT(running, SizeIs(1));
  EXPECT_EQ(running[0].duration, derive_timing(world.state.config())->lease_proof);
  apply_expiry(world.state, world.view, running[0].name, true);
  EXPECT_TRUE(world.state.nodes[kSv1].back_too_long);
  EXPECT_THAT(timers(), IsEmpty());
}

TEST_F(TimersTest, the_end_of_a_lease_proves_something_where_this_side_could_decide_all_the_time) {
  for (const bool may_decide : {true, false}) {
    SCOPED_TRACE(may_decide);
    world = World();
    world.state.nodes[kSv2].hardware = Hardware{.watchdog = true};
    world.is_lost(kSv2);
    const auto running = timers();
    ASSERT_THAT(running, SizeIs(2)) << "the lease, and how long it has been away";
    EXPECT_EQ(running[0].ends_lease_of, kSv2);
    apply_expiry(world.state, world.view, running[0].name, may_decide);
    EXPECT_EQ(world.state.let_go(kSv2), may_decide ? LetGo::lease : LetGo::unproven);
  }
}

TEST_F(TimersTest, the_applied_configuration_says_at_once_whether_a_lease_counts) {
  Node& sv2 = world.state.durable.applied.config.nodes[1];
  world.is_lost(kSv2);
  world.state.nodes[kSv2].hardware = Hardware{.watchdog = true};
  const std::string lease_ends = timers()[0].name;
  sv2.machine = Machine::virtual_machine;
  EXPECT_THAT(timers(), SizeIs(1)) << "no longer one for its lease";
  apply_expiry(world.state, world.view, lease_ends, true);
  EXPECT_EQ(world.state.let_go(kSv2), LetGo::unproven) << "whatever it said of itself";

  world.state.nodes[kSv2].hardware = Hardware{.watchdog = true, .virtual_machine = true};
  EXPECT_FALSE(world.state.lease_counts(kSv2));
  sv2.machine = Machine::detect;
  EXPECT_FALSE(world.state.lease_counts(kSv2));
  sv2.machine = Machine::physical;
  EXPECT_TRUE(world.state.lease_counts(kSv2));
  world.state.nodes[kSv2].hardware = Hardware{};
  EXPECT_FALSE(world.state.lease_counts(kSv2)) << "nothing can pause what is not there";
}

TEST_F(TimersTest, the_end_of_a_lease_is_put_off_until_a_node_with_groups_is_silent) {
  const Timing timing = *derive_timing(world.state.config());
  const Moment seen{1h};
  EXPECT_EQ(postponement({}, seen, timing), 0ms);
  EXPECT_EQ(postponement(seen, seen + 100ms, timing), timing.witness_silence - 100ms);
  EXPECT_EQ(postponement(seen, seen + timing.witness_silence, timing), 0ms);
}

TEST_F(TimersTest, a_group_goes_home_when_home_has_been_healthy_for_long_enough) {
  world.configured().failback = Failback::automatic;
  world.runs_on(kSv2);
  const auto running = timers();
  ASSERT_THAT(running, SizeIs(1));
  EXPECT_EQ(running[0].owner, kSv2);
  apply_expiry(world.state, world.view, running[0].name, true);
  EXPECT_TRUE(world.group().failback_due);
}

TEST_F(TimersTest, a_home_where_it_could_not_start_is_not_tried_again_by_itself) {
  world.configured().failback = Failback::automatic;
  world.failed_on(kSv1);
  world.group().failures[kSv1].at_start = true;
  world.runs_on(kSv2);
  EXPECT_THAT(timers(), IsEmpty()) << "each try would be an outage";
}

}  // namespace
}  // namespace tasuki::core
