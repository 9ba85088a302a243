#include "cluster/resource/partition/program.hpp"

#include <gmock/gmock.h>

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Program, gives_its_exit_code) {
  EXPECT_EQ(run_program({"/bin/sh", "-c", "echo one; echo two >&2; exit 3"}, after(10s)), 3);
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
  EXPECT_EQ(run_program({"/no/such"}, after(10s)), 127);
}

}  // namespace
}  // namespace tasuki::resource
