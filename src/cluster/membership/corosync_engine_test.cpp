// The engine on real Corosyncs: two nodes in namespaces. Prints what it measured.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/membership/engine.hpp"
#include "cluster/membership/test_node.hpp"

namespace tasuki::membership {
namespace {

using namespace std::chrono_literals;

int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / 1ns;
}

double milliseconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

bool is_message(const Json& report) {
  return report["what"] == "message";
}

class CorosyncEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = missing_for_test_nodes()) GTEST_SKIP() << *missing;
    cluster.emplace(std::vector<uint32_t>{1, 2}, 1000ms);
    for (const uint32_t id : {1U, 2U}) node(id).wait_for_membership({1, 2}, {1, 2}, true);
  }

  TestNode& node(uint32_t id) { return cluster->node(id); }

  // What a node heard so far.
  std::vector<std::string> heard(uint32_t id) {
    std::vector<std::string> texts;
    for (const Json& message : node(id).messages())
      texts.push_back(fmt::format("{}: {} ({} bytes)", message["from"].get<uint32_t>(),
                                  message["text"].get<std::string>(),
                                  message["bytes"].get<size_t>()));
    return texts;
  }

  std::optional<TestCluster> cluster;
};

TEST_F(CorosyncEngineTest, BothHearEverythingInOneOrder) {
  constexpr int kSmall = 2000;
  constexpr int kLarge = 4;
  for (const uint32_t id : {1U, 2U}) {
    node(id).say("small", kSmall);
    node(id).say("large", kLarge, kMessageBytesMax);
  }
  constexpr size_t kAll = size_t{2} * (kSmall + kLarge);
  cluster->wait_for_messages(kAll);
  const auto first = heard(1);
  EXPECT_EQ(first.size(), kAll);
  EXPECT_EQ(first, heard(2));
  for (const uint32_t id : {1U, 2U})
    EXPECT_EQ(std::ranges::count(
                  first, fmt::format("{}: large-{} ({} bytes)", id, kLarge - 1, kMessageBytesMax)),
              1);
}

TEST_F(CorosyncEngineTest, SaysAndHearsWithinAMillisecondOrSo) {
  constexpr int kCount = 100;
  std::vector<int64_t> delays;
  for (int number = 0; number < kCount; ++number) {
    node(1).say("quick");
    const Json report =
        node(2).wait_until("a message", [](const Json& seen) { return seen["what"] == "message"; });
    delays.push_back(report["at"].get<int64_t>() - report["said_at"].get<int64_t>());
  }
  std::ranges::sort(delays);
  const double median = milliseconds(delays[kCount / 2]);
  fmt::print("sent to delivered on the other node: median {:.2f} ms, worst {:.2f} ms\n", median,
             milliseconds(delays.back()));
  EXPECT_LT(median, 100);
}

TEST_F(CorosyncEngineTest, TellsTheDeathOfAProcessAndOfANode) {
  int64_t begin = now_ns();
  node(1).kill_member();
  Json told = node(2).wait_for_membership({2}, {1, 2}, true);
  fmt::print("death of a process told after {:.1f} ms\n",
             milliseconds(told["at"].get<int64_t>() - begin));
  node(1).start_member();
  node(2).wait_for_membership({1, 2}, {1, 2}, true);

  begin = now_ns();
  cluster->kill(1);
  told = node(2).wait_for_membership({2}, {2}, false);
  fmt::print("death of a node told after {:.0f} ms (detect = 1000 ms)\n",
             milliseconds(told["at"].get<int64_t>() - begin));
  node(2).say("alone");
  node(2).wait_until("its own word", is_message);
  EXPECT_THAT(heard(2), testing::ElementsAre(testing::StartsWith("2: alone-0")));

  begin = now_ns();
  cluster->boot(1);
  told = node(2).wait_for_membership({1, 2}, {1, 2}, true);
  fmt::print("a booted node is back after {:.0f} ms\n",
             milliseconds(told["at"].get<int64_t>() - begin));
  node(1).wait_for_membership({1, 2}, {1, 2}, true);
}

TEST_F(CorosyncEngineTest, SaysOnceThatCorosyncIsLostAndConnectsAnew) {
  const auto lost = [](const Json& report) { return report["what"] == "lost"; };
  const int64_t begin = now_ns();
  node(1).kill_corosync();
  const Json told = node(1).wait_until("the loss", lost);
  fmt::print("death of Corosync told after {:.1f} ms: {}\n",
             milliseconds(told["at"].get<int64_t>() - begin), told["why"].get<std::string>());
  node(1).start_corosync();
  bool lost_again = false;
  node(1).wait_until("both nodes", [&](const Json& report) {
    lost_again |= lost(report);
    return report.value("members", Json()) == Json{1, 2};
  });
  EXPECT_FALSE(lost_again);
  node(1).say("again");
  node(2).wait_until("the other's word", is_message);
  EXPECT_THAT(heard(2), testing::ElementsAre(testing::StartsWith("1: again-0")));
}

}  // namespace
}  // namespace tasuki::membership
