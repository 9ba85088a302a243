#include "cluster/core/fence_queue.hpp"

#include <gmock/gmock.h>

namespace tasuki::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const NodeId kSelf{1};
const NodeId kTarget{2};
constexpr milliseconds kDelay = 75ms;

FenceOrder order(int attempt, NodeId by = kSelf) {
  return {kTarget, by, attempt, false};
}

TEST(FenceQueue, takes_what_falls_to_this_node_and_each_attempt_once) {
  FenceQueue queue(kSelf);
  EXPECT_THAT(queue.take({order(0, NodeId{3})}, kDelay), IsEmpty());
  EXPECT_THAT(queue.take({order(0)}, kDelay), SizeIs(1));
  EXPECT_THAT(queue.take({order(0)}, kDelay), IsEmpty());
  queue.told(order(0));
  queue.ended(kTarget);
  EXPECT_THAT(queue.take({order(0)}, kDelay), IsEmpty());
  EXPECT_THAT(queue.take({order(1)}, kDelay), SizeIs(1));
}

TEST(FenceQueue, in_a_race_whoever_reaches_nobody_outside_comes_after_whoever_does) {
  // By the other's switch: what it takes to answer, and to switch off.
  constexpr milliseconds kFast{500};
  constexpr milliseconds kSlow = 2 * kFast - milliseconds{1};
  const auto begin = [](bool should_lose, milliseconds switch_takes) {
    FenceOrder raced = order(0);
    raced.after_delay = should_lose;
    const auto delay = losing_delay(milliseconds{75}, switch_takes);
    return FenceQueue(kSelf).take({raced}, delay, true).front();
  };
  for (const auto& [first, second] : {std::pair{kFast, kSlow}, {kSlow, kFast}, {kFast, kFast}}) {
    const auto winner = begin(false, first);
    const auto loser = begin(true, second);
    EXPECT_LT(winner.wait + first, loser.wait) << "both reach somebody";
    EXPECT_LT(winner.patience + first, loser.patience) << "neither does";
    EXPECT_LT(loser.wait + second, winner.patience) << "the one that should lose does";
    EXPECT_LT(winner.wait + first, loser.patience) << "the one that should win does";
  }
}

TEST(FenceQueue, leaves_nobody_more_time_where_no_host_is_asked_or_the_race_is_over) {
  FenceOrder raced = order(0);
  raced.after_delay = true;
  const auto unasked = FenceQueue(kSelf).take({raced}, milliseconds{100}).front();
  EXPECT_EQ(unasked.patience, unasked.wait);
  const auto again = FenceQueue(kSelf).take({order(1)}, milliseconds{100}, true).front();
  EXPECT_EQ(again.patience, again.wait);
}

TEST(FenceQueue, waits_longer_after_each_attempt_and_the_side_that_should_lose_longer_still) {
  FenceOrder late = order(2);
  late.after_delay = true;
  EXPECT_EQ(FenceQueue(kSelf).take({late}, kDelay).front().wait, 2 * 500ms + kDelay);
  EXPECT_EQ(FenceQueue(kSelf).take({order(1000)}, kDelay).front().wait, 10s);
}

TEST(FenceQueue, the_side_that_should_lose_leaves_a_slow_switch_its_time) {
  EXPECT_EQ(losing_delay(75ms, 20ms), 75ms);
  EXPECT_EQ(losing_delay(75ms, 2s), 4s);
}

TEST(FenceQueue, an_order_that_was_taken_back_may_be_told_again) {
  FenceQueue queue(kSelf);
  EXPECT_THAT(queue.take({order(0)}, kDelay), SizeIs(1));
  queue.told(order(0));
  queue.ended(kTarget);
  EXPECT_THAT(queue.take({}, kDelay), IsEmpty());
  EXPECT_THAT(queue.take({order(0)}, kDelay), SizeIs(1));
}

}  // namespace
}  // namespace tasuki::core
