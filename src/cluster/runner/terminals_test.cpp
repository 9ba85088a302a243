#include "cluster/runner/terminals.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "kit/fd.hpp"

namespace tasuki::runner {
namespace {

TEST(Terminals, a_word_cannot_command_them) {
  const std::string text = terminal_text("group \x1b[2J", "a\nb\x7f");
  EXPECT_THAT(text, testing::HasSubstr("group  [2J"));
  EXPECT_THAT(text, testing::HasSubstr("\r\na b \r\n"));
}

TEST(Terminals, get_the_word_and_those_that_are_none_are_passed_over) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
  write_to_terminals({"/dev/no-such-terminal", "/dev/null", ::ptsname(master.get())}, "a word");
  char seen[32] = {};
  EXPECT_EQ(::read(master.get(), seen, sizeof seen - 1), 6);
  EXPECT_STREQ(seen, "a word");
}

}  // namespace
}  // namespace tasuki::runner
