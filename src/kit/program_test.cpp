#include "kit/program.hpp"

#include <gmock/gmock.h>

namespace tasuki {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Program, gives_its_exit_code_and_what_it_said_last) {
  const auto end = run_program({"/bin/sh", "-c", "echo one; echo two >&2; exit 3"}, after(10s));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 3);
  EXPECT_EQ(end->last_line, "two");
}

TEST(Program, that_does_not_end_in_time_is_stopped) {
  const auto begin = std::chrono::steady_clock::now();
  const auto end = run_program({"/bin/sleep", "100"}, after(50ms));
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().what, HasSubstr("/bin/sleep did not end in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST(Program, that_is_killed_is_a_failure) {
  const auto end = run_program({"/bin/sh", "-c", "kill -9 $$"}, after(10s));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().what, "/bin/sh was ended by signal 9");
}

TEST(Program, that_cannot_be_executed_ends_as_in_a_shell) {
  const auto end = run_program({"/no/such"}, after(10s));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, 127);
}

TEST(Program, that_has_to_succeed_says_why_it_did_not) {
  EXPECT_TRUE(run_to_success({"/bin/true"}, after(10s)));
  const auto failed = run_to_success({"/bin/sh", "-c", "echo no space left; exit 3"}, after(10s));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "/bin/sh exited with code 3, saying: no space left");
  EXPECT_EQ(run_to_success({"/no/such"}, after(10s)).error().what,
            "/no/such cannot be run; is it installed?");
}

}  // namespace
}  // namespace tasuki
