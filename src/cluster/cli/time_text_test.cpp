#include "cluster/cli/time_text.hpp"

#include <gtest/gtest.h>

namespace tasuki::cli {
namespace {

TEST(TimeText, an_age_has_one_unit) {
  const std::string since = "2026-10-05T14:00:00.000Z";
  EXPECT_EQ(age(since, "2026-10-05T14:00:00.999Z"), "0 s");
  EXPECT_EQ(age(since, "2026-10-05T14:00:59.999Z"), "59 s");
  EXPECT_EQ(age(since, "2026-10-05T14:03:00Z"), "3 min");
  EXPECT_EQ(age(since, "2026-10-05T23:59:59Z"), "9 h");
  EXPECT_EQ(age(since, "2026-10-07T13:59:59Z"), "47 h");
  EXPECT_EQ(age(since, "2026-10-07T14:00:00Z"), "2 days");
}

TEST(TimeText, a_clock_that_went_back_makes_no_negative_age) {
  EXPECT_EQ(age("2026-10-05T14:00:01Z", "2026-10-05T14:00:00Z"), "0 s");
}

TEST(TimeText, what_is_no_time_is_shown_as_it_is) {
  for (const std::string text : {"", "yesterday", "2026-13-05T14:00:00Z", "2026-10-05T24:00:00Z",
                                 "2026-10-05T14:00:00", "2026-10-05T14:00:00.12Z"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
    EXPECT_EQ(local_time(text), text);
    EXPECT_EQ(age(text, "2026-10-05T14:00:00Z"), "");
  }
}

}  // namespace
}  // namespace tasuki::cli
