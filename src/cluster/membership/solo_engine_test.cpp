#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/membership/engine.hpp"

namespace tasuki::membership {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SoloEngineTest : public testing::Test {
 protected:
  EngineEvents recording() {
    return {
        .membership_changed =
            [this](const Membership& membership) {
              memberships.push_back(membership);
              heard.emplace_back("membership");
            },
        .delivered =
            [this](core::NodeId from, std::string_view message) {
              EXPECT_EQ(from, core::NodeId(7));
              heard.emplace_back(message);
            },
        .lost = [](const std::string& why) { ADD_FAILURE() << why; },
    };
  }

  asio::io_context context;
  std::unique_ptr<Engine> engine = make_solo_engine(context, core::NodeId(7));
  std::vector<Membership> memberships;
  std::vector<std::string> heard;
};

TEST_F(SoloEngineTest, IsAMajorityOfItself) {
  engine->start(recording());
  EXPECT_THAT(memberships, IsEmpty()) << "nothing is told before the loop runs";
  context.run();
  const Membership alone{{7, 1}, true, {core::NodeId(7)}, {core::NodeId(7)}};
  EXPECT_THAT(memberships, ElementsAre(alone));
}

TEST_F(SoloEngineTest, DeliversLaterAndInOrder) {
  engine->start(recording());
  engine->send("a");
  engine->send("b");
  EXPECT_THAT(heard, IsEmpty());
  context.run();
  EXPECT_THAT(heard, ElementsAre("membership", "a", "b"));
}

TEST_F(SoloEngineTest, SaysNothingAfterItsEnd) {
  engine->start(recording());
  engine->send("a");
  engine.reset();
  context.run();
  EXPECT_THAT(heard, IsEmpty());
}

}  // namespace
}  // namespace tasuki::membership
