#include "cluster/registry/reg_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/registry/utf16.hpp"
#include "kit/file.hpp"

namespace tasuki::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kHeader = "Windows Registry Editor Version 5.00\n\n";

KeyPath key(std::string_view text) {
  return KeyPath::parse(text).value();
}

std::string sample(const std::string& name) {
  return read_file(fmt::format("{}/{}", TASUKI_REGISTRY_SAMPLES, name)).value();
}

RegFile read(std::string_view below_header) {
  return read_reg_file("a.reg", std::string(kHeader) + std::string(below_header));
}

std::vector<std::string> mistakes(const RegFile& file) {
  EXPECT_TRUE(file.mistakes.empty() || file.changes.empty());
  std::vector<std::string> texts;
  for (const Diagnostic& found : file.mistakes) texts.push_back(to_text(found));
  return texts;
}

std::vector<Change> changes(const RegFile& file) {
  for (const Diagnostic& found : file.mistakes) ADD_FAILURE() << to_text(found);
  std::vector<Change> all;
  for (const LineChange& one : file.changes) all.push_back(one.change);
  return all;
}

// The value of the one in "[HKLM\A]".
Value read_value(std::string_view data) {
  const auto all = changes(read(fmt::format("[HKLM\\A]\n\"x\"={}\n", data)));
  return all.size() == 2 ? std::get<SetValue>(all[1]).value : Value(String{"no value"});
}

Tree tree_of(const RegFile& file) {
  Tree tree;
  for (const Change& change : changes(file)) tree.apply(change);
  return tree;
}

std::string written(std::string_view name, const Value& value) {
  Tree tree;
  tree.apply(SetValue{{key("HKLM\\A"), std::string(name)}, value});
  const std::vector<KeyPath> tops{key("HKLM\\A")};
  const std::string text = write_reg_file(tree, tops, RegEncoding::Utf8);
  const size_t start = text.find("]\n") + 2;
  return text.substr(start, text.size() - start - 2);
}

TEST(RegFile, an_export_is_written_as_it_was_read) {
  for (const char* const name : {"environment.reg", "types.reg", "office.reg"}) {
    const std::string bytes = sample(name);
    const RegFile file = read_reg_file(name, bytes);
    const Tree tree = tree_of(file);
    const std::vector<KeyPath> tops{key_of(file.changes.at(0).change)};
    EXPECT_EQ(write_reg_file(tree, tops, RegEncoding::Utf16), bytes) << name;
  }
}

TEST(RegFile, the_form_for_people_is_utf8_with_plain_line_ends) {
  const Tree tree = tree_of(read_reg_file("office.reg", sample("office.reg")));
  const std::vector<KeyPath> tops{key("HKLM\\SOFTWARE\\NEC\\StarOffice Server")};
  // A string's own line breaks are part of it, CR LF in an export whose strings have that.
  std::string expected = sample("office-utf8.reg");
  const size_t greeting = expected.find("\"Greeting\"");
  const size_t next = expected.find("\"Licence\"");
  std::string string = expected.substr(greeting, next - greeting - 1);
  for (size_t at = string.find('\n'); at != std::string::npos; at = string.find('\n', at + 2))
    string.insert(at, 1, '\r');
  expected.replace(greeting, next - greeting - 1, string);
  EXPECT_EQ(write_reg_file(tree, tops, RegEncoding::Utf8), expected);
}

TEST(RegFile, every_encoding_gives_the_same) {
  const Tree tree = tree_of(read_reg_file("office.reg", sample("office.reg")));
  for (const char* const name : {"office-big-endian.reg", "office-utf8-mark.reg"})
    EXPECT_TRUE(tree_of(read_reg_file(name, sample(name))) == tree) << name;
  EXPECT_NE(tree.find(key("HKLM/SOFTWARE/NEC/StarOffice Server/Current Version/ＳＴＡＲ")),
            nullptr);
}

TEST(RegFile, regedit4_has_strings_of_the_code_page_in_its_hexadecimal_data) {
  const auto all = changes(read_reg_file("a.reg", sample("office-regedit4.reg")));
  const KeyPath version = key("HKLM/SOFTWARE/NEC/StarOffice Server/Current Version");
  EXPECT_THAT(
      all, ElementsAre(
               Change(CreateKey{version}), Change(SetValue{{version, ""}, String{"受注センター"}}),
               Change(SetValue{{version, "DataPath"}, String{R"(W:\表示\data)"}}),
               Change(SetValue{{version, "TempPath"}, ExpandString{R"(%SystemDrive%\Temp\業務)"}}),
               Change(SetValue{{version, "Modules"}, MultiString{{"Mail", "Forum", "電子帳票"}}}),
               Change(SetValue{{version, "CLUSTER"}, Dword{1}})));
  const auto completed = changes(read_reg_file("a.reg", "REGEDIT4\n[HKLM\\A]\n@=hex(2):25,41\n"));
  EXPECT_EQ(completed.at(1), Change(SetValue{{key("HKLM\\A"), ""}, ExpandString{"%A"}}))
      << "Windows adds the end that is missing";
}

TEST(RegFile, what_people_write_is_read_in_order_with_its_lines) {
  const RegFile file = read_reg_file("edited.reg", sample("edited.reg"));
  EXPECT_THAT(mistakes(file), IsEmpty());
  const KeyPath office = key("HKLM/SOFTWARE/NEC/StarOffice Server2");
  EXPECT_THAT(file.changes,
              ElementsAre(LineChange{CreateKey{office}, 5},
                          LineChange{SetValue{{office, "SELFHOST"}, String{"office2"}}, 6},
                          LineChange{SetValue{{office, "PORT"}, Dword{8080}}, 7},
                          LineChange{DeleteValue{{office, ""}}, 8},
                          LineChange{DeleteValue{{office, "Old"}}, 9},
                          LineChange{SetValue{{office, "Key"}, Binary{{0, 1, 0xFF, 2}}}, 10},
                          LineChange{DeleteKey{key("HKLM/SOFTWARE/NEC/StarOffice Server3")}, 15}));
}

TEST(RegFile, data_are_read_by_their_form) {
  EXPECT_EQ(read_value(R"("a \"b\" C:\\x ; # []")"), Value(String{R"(a "b" C:\x ; # [])"}));
  EXPECT_EQ(read_value("\"one\r\ntwo\n\" ; comment"), Value(String{"one\r\ntwo\n"}));
  EXPECT_EQ(read_value("dword:fFfFfFfF"), Value(Dword{0xFFFFFFFF}));
  EXPECT_EQ(read_value("hex:"), Value(Binary{}));
  EXPECT_EQ(read_value("hex(3):01"), Value(Binary{{1}}));
  EXPECT_EQ(read_value("hex(1):41,00,00,00"), Value(String{"A"}));
  EXPECT_EQ(read_value("hex(2):41,00,00,00"), Value(ExpandString{"A"}));
  EXPECT_EQ(read_value("hex(4):01,00,00,00"), Value(Dword{1}));
  EXPECT_EQ(read_value("hex(7):41,00,00,00,00,00"), Value(MultiString{{"A"}}));
  EXPECT_EQ(read_value("hex(b):01,00,00,00,00,00,00,00"), Value(Qword{1}));
  EXPECT_EQ(read_value("hex(B):01"), Value(Raw{kTypeQword, {1}}));
  EXPECT_EQ(read_value("hex(ffffffff):01"), Value(Raw{0xFFFFFFFF, {1}}));
  EXPECT_EQ(read_value("hex:01,\\\r\n\r\n ; comment\r\n  02"), Value(Binary{{1, 2}}));
}

TEST(RegFile, text_that_is_not_unicode_is_kept_in_data_and_refused_in_names) {
  const auto utf16 = [](std::string_view text) { return "\xFF\xFE" + to_utf16(text); };
  const std::string half = "\xED\xA0\x80";
  const std::string header(kHeader);
  const auto all =
      changes(read_reg_file("a.reg", utf16(header + "[HKLM\\A]\n@=\"x" + half + "\"\n")));
  EXPECT_EQ(all.at(1),
            Change(SetValue{{key("HKLM\\A"), ""}, Raw{kTypeString, {'x', 0, 0, 0xD8, 0, 0}}}));
  EXPECT_EQ(written("x", Raw{kTypeString, {'x', 0, 0, 0xD8, 0, 0}}),
            "\"x\"=hex(1):78,00,00,d8,00,00");
  EXPECT_THAT(
      mistakes(read_reg_file("a.reg", utf16(header + "[HKLM\\" + half + "]\n\"" + half + "\"=-"))),
      ElementsAre(
          "a.reg:3: the key's name \"\uFFFD\uFFFD\uFFFD\" is not valid Unicode; write it in UTF-8",
          "a.reg:4: the value's name \"\uFFFD\uFFFD\uFFFD\" is not valid Unicode; write it in "
          "UTF-8"));
}

TEST(RegFile, all_mistakes_are_told_at_once_and_nothing_is_changed) {
  EXPECT_THAT(
      mistakes(read(R"("early"="value"
[HKLN\A]
"told"="already"
[HKLM\A
[HKLM\B] text
[HKLM\\C]
[-HKLM]
[-HKLM\D]
"deleted"="key"
[HKLM\E]
"path"="C:\Temp"
"open"="text
"a"=dword:0x1
"b"=dword:123456789
"c"=hex:01,02,
"d"=hex:01,\
  0g,02,\
  03
"e"=hex(x):01
"f"=DWORD:1
"g" "h"
"i
"j"="k"l"
word
"m"=- n
"o"=hex:01\
  02
"p"=hex:01,\
)")),
      ElementsAre(
          "a.reg:3: a value stands before any key; write its key's line [KEY] first",
          "a.reg:4: no root of the registry is named \"HKLN\"; did you mean \"HKLM\"?",
          "a.reg:6: the key \"[HKLM\\A\" is not closed; end it with ]",
          "a.reg:7: \"text\" follows the key; end the line with ]; a comment begins with ;",
          "a.reg:8: a key has an empty name; write one separator between names",
          "a.reg:9: the root HKEY_LOCAL_MACHINE cannot be deleted; delete keys below it",
          "a.reg:11: a value stands below a key that is deleted; write its key's line [KEY] "
          "first",
          "a.reg:13: the string has a single backslash; write \\\\ for \\ and \\\" for \"",
          "a.reg:14: the string is not closed; end it with \"; inside, write \\\\ for \\ and \\\" "
          "for \"",
          "a.reg:15: \"0x1\" is no dword; write one to eight hexadecimal digits",
          "a.reg:16: \"123456789\" is no dword; write one to eight hexadecimal digits",
          "a.reg:17: the hexadecimal data end with a comma; write bytes as 0f,a1 and end "
          "the line with ,\\ when they go on in the next",
          "a.reg:19: \"0g,02,\\\" is not hexadecimal data; write bytes as 0f,a1 and end "
          "the line with ,\\ when they go on in the next",
          "a.reg:21: \"hex(x):01\" is no type of data; write hex(N): with N as hexadecimal "
          "digits, as hex(2):",
          "a.reg:22: \"DWORD:1\" is no data; write \"TEXT\", dword:, hex:, hex(N): or -",
          "a.reg:23: \"\"h\"\" follows the value's name; write \"NAME\"=DATA or @=DATA",
          "a.reg:24: the name is not closed; end it with \"; inside, write \\\\ for \\ and "
          "\\\" for \"",
          "a.reg:25: \"l\"\" follows the data; end the line; inside a string write \\\" for "
          "\", and a comment begins with ;",
          "a.reg:26: \"word\" is neither a key nor a value; write [KEY], \"NAME\"=DATA or "
          "@=DATA; a comment begins with ;",
          "a.reg:27: \"n\" follows the data; end the line; inside a string write \\\" for "
          "\", and a comment begins with ;",
          "a.reg:28: \"\\\" is not hexadecimal data; write bytes as 0f,a1 and end the line "
          "with ,\\ when they go on in the next",
          "a.reg:31: the file ends within hexadecimal data; export it again, or complete "
          "it"));
}

TEST(RegFile, what_is_no_reg_file_is_said_to_be_none) {
  const auto told = [](std::string_view bytes) { return mistakes(read_reg_file("a.reg", bytes)); };
  EXPECT_THAT(told(""), ElementsAre("a.reg:1: the first line is \"\"; begin the file with "
                                    "\"Windows Registry Editor Version 5.00\""));
  EXPECT_THAT(told("[HKLM\\A]\n@=-\n"), SizeIs(1));
  EXPECT_THAT(
      told(std::string("W\0i\0", 4)),
      ElementsAre("a.reg:1: there is a zero character, so this is no text; save the file as "
                  "UTF-16 with a byte order mark, or as UTF-8"));
  EXPECT_THAT(told("REGEDIT4\n\xff"),
              ElementsAre("a.reg:2: there are bytes that are neither UTF-8 nor code page 932; save "
                          "the file as UTF-16 with a byte order mark, or as UTF-8"));
  EXPECT_THAT(told("\xFF\xFEx"),
              ElementsAre("a.reg:1: the file ends within a character of UTF-16; copy or export it "
                          "again"));
  EXPECT_THAT(told("REGEDIT4\n[HKLM\\A]\n@=hex(2):ff,00\n"),
              ElementsAre("a.reg:3: the bytes are no text of code page 932; export the key as "
                          "Windows Registry Editor Version 5.00"));
}

TEST(RegFile, a_file_that_is_something_else_is_given_up) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "text\n";
  const RegFile file = read(lines);
  EXPECT_THAT(file.mistakes, SizeIs(1001));
  EXPECT_EQ(to_text(file.mistakes.back()),
            "a.reg:1003: the file is not read any further; mend the first 1000 mistakes");
}

TEST(RegFile, hexadecimal_data_break_where_regedit_breaks_them) {
  const Bytes bytes(30, 0xAB);
  const auto first_line = [&](std::string_view name) {
    const std::string text = written(name, Binary{bytes});
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(
      first_line("a"), "\"a\"=hex:" + [] {
        std::string pairs;
        for (int i = 0; i < 23; ++i) pairs += "ab,";
        return pairs + "\\";
      }());
  const std::string long_name(80, 'n');
  EXPECT_EQ(first_line(long_name), fmt::format("\"{}\"=hex:ab,\\", long_name));
  EXPECT_EQ(written("", Binary{Bytes(24, 0)}).find('\\'), std::string::npos)
      << "the last byte has no comma and never makes another line";
}

TEST(RegFile, keys_are_written_once_and_in_order) {
  Tree tree;
  for (const char* const path : {"HKLM\\B\\C", "HKLM\\A"}) tree.apply(CreateKey{key(path)});
  const std::vector<KeyPath> tops{key("HKLM\\B\\C"), key("HKLM\\b"), key("HKLM\\A"), key("HKLM\\A"),
                                  key("HKLM\\none")};
  EXPECT_EQ(
      write_reg_file(tree, tops, RegEncoding::Utf8),
      std::string(kHeader) +
          "[HKEY_LOCAL_MACHINE\\A]\n\n[HKEY_LOCAL_MACHINE\\B]\n\n[HKEY_LOCAL_MACHINE\\B\\C]\n\n");
}

}  // namespace
}  // namespace tasuki::registry
