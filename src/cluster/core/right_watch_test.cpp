#include "cluster/core/right_watch.hpp"

#include <gmock/gmock.h>

namespace tasuki::core {
namespace {

constexpr Moment kLost{1000ms};
constexpr milliseconds kGrace = 600ms;

TEST(RightWatch, a_right_that_comes_back_within_the_grace_stops_nothing) {
  RightWatch watch;
  watch.look(false, kLost, kGrace);
  EXPECT_EQ(watch.deadline(), kLost + kGrace);
  watch.look(true, kLost + 599ms, kGrace);
  EXPECT_FALSE(watch.isolated());
  EXPECT_EQ(watch.deadline(), std::nullopt);
}

TEST(RightWatch, the_grace_counts_from_the_first_moment_without_the_right) {
  RightWatch watch;
  watch.look(false, kLost, kGrace);
  watch.look(false, kLost + 599ms, kGrace);
  EXPECT_FALSE(watch.isolated());
  watch.look(false, kLost + 600ms, kGrace);
  EXPECT_TRUE(watch.isolated());
  EXPECT_EQ(watch.deadline(), std::nullopt);
}

TEST(RightWatch, one_that_leaves_alone_stays_isolated_whatever_right_comes_back) {
  RightWatch watch;
  watch.leave(true);
  EXPECT_FALSE(watch.isolated());
  watch.leave(false);
  watch.look(true, kLost, kGrace);
  EXPECT_TRUE(watch.isolated());
}

}  // namespace
}  // namespace tasuki::core
