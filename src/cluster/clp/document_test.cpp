#include "cluster/clp/document.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tasuki::clp {
namespace {

using testing::StartsWith;

std::string refusal(std::string_view bytes) {
  const auto root = parse_document(bytes);
  return root ? "read" : fmt::format("{}: {}", root.error().line, root.error().what);
}

TEST(Document, knows_paths_and_lines) {
  const auto root = parse_document(
      "<?xml version=\"1.0\"?>\n<root>\n <disk name=\"d 1\">\n  <mount><point>\n /mnt "
      "</point></mount>\n </disk>\n</root>");
  ASSERT_TRUE(root);
  Element* const point = (*root)->find_path("disk/mount/point");
  ASSERT_NE(point, nullptr);
  EXPECT_EQ(point->text, "/mnt");
  EXPECT_EQ(point->line, 4);
  EXPECT_EQ(path_of(*point), "disk@d 1/mount/point");
  EXPECT_EQ((*root)->find_path("disk/none/point"), nullptr);
}

TEST(Document, is_in_the_character_set_that_its_first_line_says) {
  const auto name = [](std::string_view bytes) {
    const auto root = parse_document(bytes);
    return root ? (*root)->text : root.error().what;
  };
  EXPECT_EQ(name("<root>業務</root>"), "業務");
  EXPECT_EQ(name("\xEF\xBB\xBF<root>業務</root>"), "業務");
  EXPECT_EQ(name("<?xml version=\"1.0\" encoding=\"EUC-JP\"?><root>\xB6\xC8\xCC\xB3</root>"),
            "業務");
  EXPECT_EQ(name("<?xml version='1.0' encoding='SJIS'?><root>\x8B\xC6\x96\xB1 \x87\x40</root>"),
            "業務 ①");
  // The second byte of this character is a backslash, of the next "<" would be none.
  EXPECT_EQ(name("<?xml version='1.0' encoding='Shift_JIS'?><root>\x95\x5C</root>"), "表");
  EXPECT_EQ(name("<?xml version=\"1.0\" encoding=\"GB2312\"?><root>\xD2\xB5</root>"), "业");
  EXPECT_EQ(refusal("<?xml version=\"1.0\" encoding=\"KOI8-R\"?><root/>"),
            "1: the encoding \"KOI8-R\" is not known");
  EXPECT_EQ(refusal("<root>\n\x8B\xC6</root>"), "2: there are bytes that are not UTF-8");
  EXPECT_EQ(refusal("<?xml version='1.0' encoding='EUC-JP'?>\n\n<root>\xB6</root>"),
            "3: there are bytes that are not EUC-JP");
  EXPECT_EQ(refusal("\xFF\xFE<\0r\0"), "1: the file is UTF-16");
}

TEST(Document, that_is_broken_is_refused_with_its_line) {
  EXPECT_EQ(refusal(""), "1: this is no XML");
  EXPECT_EQ(refusal("[cluster]\nname = \"c\"\n"), "1: this is no XML");
  EXPECT_EQ(refusal("<root>\n<a>\n</root>"), "3: an element ends that did not begin last");
  EXPECT_EQ(refusal("<root>\n<a>\n"), "2: the file ends before its elements do");
  EXPECT_EQ(refusal("<root>\n<a b=c>\n</a></root>"), "2: the XML is broken here");
  EXPECT_EQ(refusal(std::string_view("<root>\n\0</root>", 15)),
            "2: there is a zero byte, so this is no XML");
  EXPECT_EQ(refusal("<root>\n<a>&#x110000;</a></root>"),
            "2: a character reference stands for nothing");
  EXPECT_EQ(refusal("<root>&#x10FFFF;</root>"), "read");
  EXPECT_EQ(refusal("<root>\n<a>&#xD800;</a></root>"),
            "2: a character reference stands for nothing");
}

TEST(Document, expands_and_fetches_nothing) {
  EXPECT_EQ(refusal("<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n"
                    "<root>&b;</root>"),
            "1: there is a document type definition, which no clp.conf has");
  EXPECT_EQ(refusal("<?xml version=\"1.0\"?>\n<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><root/>"),
            "2: there is a document type definition, which no clp.conf has");
  const auto root = parse_document("<root>&passwd; &lt;&#x41;</root>");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->text, "&passwd; <A");
}

TEST(Document, has_no_characters_that_command_a_terminal) {
  const auto root = parse_document("<root name=\"a&#27;[2J\">b&#x9b;c&#0;d\x01</root>");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->key, "a [2J");
  EXPECT_THAT((*root)->text, StartsWith("b c"));
}

TEST(Document, of_any_size_is_harmless) {
  const auto repeat = [](size_t times, std::string_view text) {
    std::string all;
    for (size_t i = 0; i < times; ++i) all += text;
    return all;
  };
  EXPECT_EQ(refusal(repeat(10'000'000, " ")), "1: the file has more than 8 MiB");
  EXPECT_EQ(refusal("<root>" + repeat(2'000'000, "<a>")),
            "1: the file ends before its elements do");
  EXPECT_EQ(refusal("<root>" + repeat(500'000, "<a>") + repeat(500'000, "</a>") + "</root>"),
            "1: elements lie too deep in one another");
  EXPECT_EQ(refusal("<root>" + repeat(200'000, "\n<a/>") + "</root>"),
            "100001: there are too many elements");
  EXPECT_EQ(refusal("<root><a name=\"" + std::string(1'000'000, 'x') + "\"/></root>"),
            "1: a name is too long");
  EXPECT_EQ(refusal("<!DOCTYPE " + repeat(1'000'000, "<![")),
            "1: the file ends before its elements do");
  EXPECT_EQ(refusal("<root>" + std::string(5'000'000, 'x') + "</root>"), "read");
}

}  // namespace
}  // namespace tasuki::clp
