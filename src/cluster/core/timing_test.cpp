#include "cluster/core/timing.hpp"

#include <gmock/gmock.h>

namespace tasuki::core {
namespace {

Config with_detect(milliseconds detect) {
  Config config;
  config.timing.detect = detect;
  return config;
}

TEST(Timing, detection_is_token_plus_consensus) {
  const Timing timing = derive_timing(with_detect(600ms)).value();
  EXPECT_EQ(timing.token, 272ms);
  EXPECT_LE(timing.token + timing.consensus, 600ms);
  EXPECT_GE(timing.token + timing.consensus, 590ms);
}

TEST(Timing, the_lost_node_has_let_go_before_its_lease_proves_it) {
  for (const auto detect : {220ms, 600ms, 6000ms, 60000ms}) {
    const Timing timing = derive_timing(with_detect(detect)).value();
    EXPECT_LT(timing.lease + timing.release + timing.reset, timing.lease_proof);
    EXPECT_GT(timing.lease, timing.token + timing.renew);
  }
}

TEST(Timing, a_detection_that_cannot_be_stable_is_refused_with_the_lowest_that_is) {
  const auto refused = derive_timing(with_detect(150ms));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("use at least \"220ms\""));
  EXPECT_TRUE(derive_timing(with_detect(220ms)));
}

}  // namespace
}  // namespace tasuki::core
