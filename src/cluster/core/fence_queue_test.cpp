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
