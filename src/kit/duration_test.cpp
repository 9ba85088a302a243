#include "kit/duration.hpp"

#include <fmt/format.h>
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

TEST(Duration, what_is_almost_a_time_is_refused_with_a_proposal) {
  const std::pair<const char*, const char*> cases[] = {
      {"1m30s", "90s"},    {"1h 30m", "90m"},   {"1.5s", "1500ms"}, {".5s", "500ms"},
      {"4.35s", "4350ms"}, {"600 ms", "600ms"}, {" 5m ", "5m"},     {"600MS", "600ms"},
      {"2 H", "2h"},       {"0 s", "0ms"},
  };
  for (const auto& [text, meant] : cases)
    EXPECT_EQ(parse_duration(text).error().what,
              fmt::format("\"{}\" is not a time; write \"{}\"", text, meant));
}

TEST(Duration, no_proposal_is_made_when_none_is_right) {
  for (const auto* text : {"", " ", "MS", " ms", "-1s", "-1.5s", "1.5", "0.0001s", "infs", "nans",
                           "1e300d", "s1", "99999999999999999999s", "20000d 1s"})
    EXPECT_FALSE(parse_duration(text).error().what.contains("write \"")) << text;
  EXPECT_EQ(parse_duration("5 minutes").error().what,
            "\"5 minutes\" has the unknown unit \"minutes\"; use ms, s, m, h or d");
}

TEST(Duration, is_written_in_its_largest_whole_unit) {
  EXPECT_EQ(format_duration(Milliseconds(600)), "600ms");
  EXPECT_EQ(format_duration(Milliseconds(90'000)), "90s");
  EXPECT_EQ(format_duration(Milliseconds(120'000)), "2m");
  EXPECT_EQ(format_duration(Milliseconds(0)), "0ms");
}

}  // namespace
}  // namespace tasuki
