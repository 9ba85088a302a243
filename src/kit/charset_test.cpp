#include "kit/charset.hpp"

#include <gmock/gmock.h>

namespace tasuki {
namespace {

TEST(Charset, utf8_stays_and_code_page_932_becomes_utf8) {
  EXPECT_EQ(utf8_or_cp932("受注\\"), "受注\\");
  EXPECT_EQ(utf8_or_cp932("\x8e\xf3\x92\x8d\\"), "受注\\") << "the backslash there is 0x5C too";
}

TEST(Charset, the_first_byte_that_is_neither_is_named) {
  EXPECT_EQ(utf8_or_cp932("abc\xff").error(), 3U);
  EXPECT_EQ(utf8_or_cp932("\x8e\xf3\x92").error(), 2U) << "half a character at the end";
}

TEST(Charset, what_other_systems_write_becomes_utf8) {
  EXPECT_EQ(to_utf8("\xB6\xC8\xCC\xB3", "EUC-JP-MS").text, "業務");
  EXPECT_EQ(to_utf8("abc", "no such set").bytes_read, 0U);
}

TEST(Charset, a_surrogate_is_no_utf8) {
  EXPECT_EQ(to_utf8("\xed\xa0\x80", "UTF-8").bytes_read, 0U);
}

TEST(Charset, more_than_a_buffer_is_converted) {
  const std::string long_text(10'000, 'x');
  EXPECT_EQ(to_utf8(long_text, "CP932").text, long_text);
}

}  // namespace
}  // namespace tasuki
