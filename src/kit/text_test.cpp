#include "kit/text.hpp"

#include <gmock/gmock.h>

namespace tasuki {
namespace {

TEST(Text, split_keeps_empty_parts) {
  EXPECT_THAT(split("a,,b", ','), testing::ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), testing::ElementsAre(""));
}

TEST(Text, trim_takes_blanks_from_both_ends) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, case_matters_to_ascii_letters_alone) {
  EXPECT_TRUE(same_but_case("StarOffice 2", "STAROFFICE 2"));
  EXPECT_FALSE(same_but_case("StarOffice", "StarOffice2"));
  EXPECT_FALSE(same_but_case("@", "`"));
}

TEST(Text, the_nearest_word_is_offered_only_when_it_is_near) {
  const std::vector<std::string> known{"detect", "policy", "failback"};
  EXPECT_EQ(nearest_word("polcy", known), "policy");
  EXPECT_EQ(nearest_word("fallback", known), "failback");
  EXPECT_EQ(nearest_word("colour", known), std::nullopt);
}

TEST(Text, that_is_printed_commands_no_terminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\nc\x7f"), "a [2Jb  c ");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2J"),
            "a 2J")
      << "the one-character form of ESC [";
  EXPECT_EQ(printable("受注 \xc2\xa0"), "受注 \xc2\xa0");
}

}  // namespace
}  // namespace tasuki
