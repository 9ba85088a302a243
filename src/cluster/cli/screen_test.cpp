#include "cluster/cli/screen.hpp"

#include <gmock/gmock.h>

namespace tasuki::cli {
namespace {

using testing::ElementsAre;

TEST(Screen, width_counts_columns_and_not_bytes) {
  EXPECT_EQ(display_width("sv1"), 3);
  EXPECT_EQ(display_width("é→·"), 3);
  EXPECT_EQ(display_width("受注"), 4);
  EXPECT_EQ(display_width("\x1b[1;31mdown\x1b[0m"), 4);
  EXPECT_EQ(display_width("\xff\xfe"), 2);
  EXPECT_EQ(display_width("\x1b["), 0);
}

TEST(Screen, words_are_filled_into_lines) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("incomprehensible it is", 5), ElementsAre("incomprehensible", "it is"));
  EXPECT_THAT(wrap("", 5), ElementsAre(""));
}

TEST(Screen, colours_are_left_out_where_they_cannot_be_shown) {
  EXPECT_EQ(paint({.colour = true}, Style::good, "online"), "\x1b[32monline\x1b[0m");
  EXPECT_EQ(paint({.colour = false}, Style::good, "online"), "online");
}

TEST(Screen, a_table_aligns_wide_characters_and_wraps_its_last_column) {
  EXPECT_EQ(print_table({.width = 34}, {"group", "why"},
                        {{{"受注"}, {"short"}}, {{"mail"}, {"a reason that is too long for it"}}}),
            "  group  why\n"
            "  受注   short\n"
            "  mail   a reason that is too long\n"
            "         for it\n");
}

}  // namespace
}  // namespace tasuki::cli
