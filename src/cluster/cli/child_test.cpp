#include "cluster/cli/child.hpp"

#include <csignal>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tasuki::cli {
namespace {

using namespace std::chrono_literals;

bool always() {
  return true;
}

ChildEnd end_of(const std::string& script, const std::function<bool()>& go_on = always) {
  const auto end = run_child({{"/bin/sh", "-c", script}, {{"GROUP", "office"}}}, 20ms, go_on);
  EXPECT_TRUE(end) << end.error().what;
  return end.value_or(ChildEnd{});
}

TEST(Child, ends_as_shells_have_it_and_sees_its_environment) {
  EXPECT_EQ(end_of("[ $GROUP = office ]").status, 0);
  EXPECT_EQ(end_of("exit 3").status, 3);
  EXPECT_EQ(end_of("kill -KILL $$").status, 128 + SIGKILL);
  EXPECT_FALSE(end_of("exit 3").interrupted);
}

TEST(Child, is_ended_when_it_may_not_go_on) {
  int asked = 0;
  const ChildEnd end = end_of("exec sleep 1000", [&] { return ++asked < 3; });
  EXPECT_TRUE(end.interrupted);
  EXPECT_EQ(end.status, 128 + SIGTERM);
  EXPECT_EQ(asked, 3);
}

TEST(Child, is_ended_with_a_parent_that_is_asked_to_end) {
  const ChildEnd end = end_of("trap 'exit 9' TERM; kill -INT $PPID; while :; do sleep 0.01; done");
  EXPECT_TRUE(end.interrupted);
  EXPECT_EQ(end.status, 9);
}

TEST(Child, that_does_not_exist_ends_with_127) {
  const auto end = run_child({{"/no/such/program"}, {}}, 20ms, always);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 127);
}

}  // namespace
}  // namespace tasuki::cli
