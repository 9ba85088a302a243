// Files of either world become the same lines.
#include "cluster/batch/script.hpp"

#include <gmock/gmock.h>

namespace tasuki::batch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> lines_of(std::string_view bytes) {
  const auto script = read_script("t.bat", bytes);
  return script ? script->lines : std::vector<std::string>{script.error().what};
}

TEST(Script, lines_end_as_on_windows_or_as_on_linux) {
  EXPECT_THAT(lines_of("echo a\r\necho b\necho c"), ElementsAre("echo a", "echo b", "echo c"));
  EXPECT_THAT(lines_of(""), ElementsAre());
  EXPECT_THAT(lines_of("\n\n"), ElementsAre("", ""));
}

TEST(Script, utf8_may_begin_with_a_byte_order_mark) {
  EXPECT_THAT(lines_of("\xEF\xBB\xBF"
                       "echo 表示"),
              ElementsAre("echo 表示"));
}

// In code page 932 the second byte of 表 and ソ is a backslash, that of 冀 a "|": neither may be
// seen as one.
TEST(Script, code_page_932_is_recognised) {
  EXPECT_THAT(lines_of("echo \x95\x5C\x8E\xA6 \x83\x5C\x81\x5B\x83\x67 \x91\x7C"),
              ElementsAre("echo 表示 ソート 掃"));
  EXPECT_THAT(lines_of("c:\\x\\\xB1"), ElementsAre("c:\\x\\ｱ"));
}

TEST(Script, the_yen_sign_is_a_backslash) {
  EXPECT_THAT(lines_of("c:¥mssql¥binn"), ElementsAre("c:\\mssql\\binn"));
}

// Ctrl-Z ends a file of DOS; cmd.exe takes it for a line's end.
TEST(Script, ctrl_z_ends_a_line) {
  EXPECT_THAT(lines_of("echo a\r\n\x1A"), ElementsAre("echo a", ""));
}

TEST(Script, what_is_no_text_is_refused_with_its_line) {
  EXPECT_THAT(lines_of("\xFF\xFE"
                       "e"),
              ElementsAre(HasSubstr("t.bat:1: the file is UTF-16")));
  EXPECT_THAT(lines_of({"a\nb\0c", 5}), ElementsAre(HasSubstr("t.bat:2: there is a zero byte")));
  EXPECT_THAT(lines_of("a\nb\n\xFF\xFF\n"),
              ElementsAre("t.bat:3: there are bytes that are neither UTF-8 nor code page 932; save "
                          "the script as UTF-8 or in code page 932"));
}

TEST(Script, what_is_too_long_is_refused) {
  EXPECT_THAT(lines_of(std::string(kFileBytesMax + 1, 'a')),
              ElementsAre("t.bat:1: the file has 262145 bytes; a script has at most 262144"));
  EXPECT_EQ(lines_of(std::string(kLineBytesMax, 'a')).front().size(), kLineBytesMax);
  EXPECT_THAT(lines_of("a\n" + std::string(kLineBytesMax + 1, 'a')),
              ElementsAre("t.bat:2: the line has 24574 bytes; a line has at most 24573"));
}

TEST(Script, a_label_is_found_from_a_place_on_and_then_from_the_top) {
  const Script script = read_script("t.bat", ":A\nx\n:b c\n :a:d\n::e\n").value();
  const auto line_of = [&script](const char* name, size_t from) {
    const Label* const label = script.find_label(name, from);
    return label ? static_cast<int>(label->line) : -1;
  };
  EXPECT_EQ(line_of("a", 0), 0);
  EXPECT_EQ(line_of("a", 1), 3);
  EXPECT_EQ(line_of("a", 4), 0);
  EXPECT_EQ(line_of("B", 4), 2);
  EXPECT_EQ(line_of("e", 0), -1);
}

}  // namespace
}  // namespace tasuki::batch
