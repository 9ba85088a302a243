#include "kit/duration.hpp"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

TEST(Duration, is_a_number_and_a_unit) {
  EXPECT_EQ(parse_duration("600ms").value(), Milliseconds(600));
  EXPECT_EQ(parse_duration("0s").value(), Milliseconds(0));
  EXPECT_EQ(parse_duration("2h").value(), Milliseconds(7'200'000));
}

TEST(Duration, without_a_unit_is_refused_with_a_proposal) {
  EXPECT_EQ(parse_duration("600").error().what, "\"600\" has no unit; write \"600ms\" or \"600s\"");
}

TEST(Duration, what_is_no_time_is_refused) {
  for (const auto* text :
       {"", "s", "-1s", "1.5s", "1 s", "5 minutes", "99999999999999999999s", "9999999999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, is_written_in_its_largest_whole_unit) {
  EXPECT_EQ(format_duration(Milliseconds(600)), "600ms");
  EXPECT_EQ(format_duration(Milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(Milliseconds(120'000)), "2m");
  EXPECT_EQ(format_duration(Milliseconds(0)), "0ms");
}

}  // namespace
}  // namespace tasuki
