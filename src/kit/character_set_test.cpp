#include "kit/character_set.hpp"

#include <gmock/gmock.h>

namespace tasuki {
namespace {

TEST(CharacterSet, becomes_utf8) {
  EXPECT_EQ(to_utf8("\x8B\xC6\x96\xB1", "CP932").text, "業務");
  EXPECT_EQ(to_utf8("\xB6\xC8\xCC\xB3", "EUC-JP-MS").text, "業務");
  EXPECT_EQ(to_utf8("業務", "UTF-8").text, "業務");
  const std::string large(10'000, '\xB1');  // a katakana of one byte
  EXPECT_EQ(to_utf8(large, "CP932").text.size(), 30'000U);
}

TEST(CharacterSet, is_read_up_to_what_has_no_meaning) {
  const auto converted = to_utf8("abc\xFF\xFF", "UTF-8");
  EXPECT_EQ(converted.text, "abc");
  EXPECT_EQ(converted.bytes_read, 3U);
  EXPECT_EQ(to_utf8("\xED\xA0\x80", "UTF-8").bytes_read, 0U);  // half a surrogate pair
  EXPECT_EQ(to_utf8("abc", "no such set").bytes_read, 0U);
}

}  // namespace
}  // namespace tasuki
