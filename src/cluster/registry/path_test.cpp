#include "cluster/registry/path.hpp"

#include <gmock/gmock.h>

namespace tasuki::registry {
namespace {

using testing::HasSubstr;

KeyPath key(std::string_view text) {
  return KeyPath::parse(text).value();
}

std::string why_not(std::string_view text) {
  const auto path = KeyPath::parse(text);
  return path ? "it is " + path->text() : path.error().what;
}

TEST(KeyPath, is_written_as_windows_writes_it_however_it_was_given) {
  for (const char* const given :
       {R"(HKEY_LOCAL_MACHINE\SOFTWARE\NEC)", R"(hklm\SOFTWARE\NEC)", "HKLM/SOFTWARE/NEC",
        "HKEY_LOCAL_MACHINE¥SOFTWARE¥NEC", R"(HKLM\SOFTWARE\NEC\)", "HKLM¥SOFTWARE¥NEC¥",
        R"(HKLM/SOFTWARE\NEC)"})
    EXPECT_EQ(key(given).text(), R"(HKEY_LOCAL_MACHINE\SOFTWARE\NEC)") << given;
  EXPECT_EQ(key("HKCR").text(), "HKEY_CLASSES_ROOT");
  EXPECT_EQ(key("hkcu/").text(), "HKEY_CURRENT_USER");
  EXPECT_EQ(key("HKU").text(), "HKEY_USERS");
  EXPECT_EQ(key("HKCC").text(), "HKEY_CURRENT_CONFIG");
}

TEST(KeyPath, a_slash_behind_a_backslash_is_part_of_a_name_as_on_windows) {
  const KeyPath path = key(R"(HKCR\MIME\Database\Content Type\text/plain)");
  EXPECT_EQ(path.name(), "text/plain");
  EXPECT_EQ(key(path.text()), path);
  EXPECT_EQ(key(R"(HKLM\A¥B)").name(), "A¥B");
}

TEST(KeyPath, keeps_case_and_compares_without) {
  EXPECT_EQ(key(R"(HKLM\Software\Nec)").text(), R"(HKEY_LOCAL_MACHINE\Software\Nec)");
  EXPECT_EQ(key(R"(HKLM\Software\Nec)"), key(R"(hklm\SOFTWARE\nEC)"));
  EXPECT_EQ(key(R"(HKLM\ｓｔａｒ\Éтσ)"), key(R"(HKLM\ＳＴＡＲ\éТΣ)"));
  EXPECT_NE(key(R"(HKLM\設定)"), key(R"(HKLM\設定２)"));
}

TEST(KeyPath, two_keys_of_windows_never_become_one) {
  EXPECT_NE(key(R"(HKLM\ı)"), key(R"(HKLM\I)"));
  EXPECT_NE(key(R"(HKLM\ſ)"), key(R"(HKLM\S)"));
  EXPECT_NE(key(R"(HKLM\µ)"), key(R"(HKLM\μ)")) << "the micro sign and the Greek letter";
  EXPECT_NE(key(R"(HKLM\ß)"), key(R"(HKLM\SS)"));
  EXPECT_NE(key(R"(HKLM\𐐨)"), key(R"(HKLM\𐐀)")) << "two code units have no capitals there";
}

TEST(KeyPath, the_plain_order_of_folded_paths_is_that_of_an_export) {
  const std::vector<std::string> exported{
      R"(HKCR)",    R"(HKLM)",    R"(HKLM\a)",  R"(HKLM\A\b)", R"(HKLM\A\b\c)", R"(HKLM\A B)",
      R"(HKLM\A-)", R"(HKLM\a_)", R"(HKLM\あ)", R"(HKLM\😀)",  R"(HKLM\ａ)",    R"(HKU)"};
  for (size_t i = 1; i < exported.size(); ++i)
    EXPECT_LT(key(exported[i - 1]).folded(), key(exported[i]).folded()) << exported[i];
}

TEST(KeyPath, knows_what_is_above_and_below) {
  const KeyPath nec = key(R"(HKLM\SOFTWARE\NEC)");
  EXPECT_EQ(nec.name(), "NEC");
  EXPECT_EQ(nec.parent()->text(), R"(HKEY_LOCAL_MACHINE\SOFTWARE)");
  EXPECT_EQ(key("HKLM").parent(), std::nullopt);
  EXPECT_EQ(nec.child("StarOffice")->text(), R"(HKEY_LOCAL_MACHINE\SOFTWARE\NEC\StarOffice)");
  EXPECT_FALSE(nec.child("a\\b"));
  EXPECT_TRUE(key(R"(HKLM\software\nec\X)").is_at_or_below(nec));
  EXPECT_TRUE(nec.is_at_or_below(nec));
  EXPECT_FALSE(key(R"(HKLM\SOFTWARE\NEC2)").is_at_or_below(nec));
  EXPECT_FALSE(key(R"(HKLM\SOFTWARE)").is_at_or_below(nec));
}

TEST(KeyPath, what_is_wrong_is_said_with_what_to_do) {
  EXPECT_EQ(why_not("HKEY_LOCAL_MACHIN\\A"),
            "no root of the registry is named \"HKEY_LOCAL_MACHIN\"; did you mean "
            "\"HKEY_LOCAL_MACHINE\"?");
  EXPECT_EQ(why_not("hklx\\A"),
            "no root of the registry is named \"hklx\"; did you mean \"HKLM\"?");
  EXPECT_THAT(why_not("SOFTWARE\\NEC"), HasSubstr("use \"HKEY_LOCAL_MACHINE\", "));
  EXPECT_THAT(why_not(""), HasSubstr("a key begins with its root; write it as HKLM"));
  EXPECT_THAT(why_not("\\HKLM\\A"), HasSubstr("a key begins with its root"));
  EXPECT_EQ(why_not(R"(HKLM\A\\B)"), "a key has an empty name; write one separator between names");
  EXPECT_EQ(why_not("HKLM\\A\tB"),
            "the key's name \"A B\" has a control character; write it without");
  EXPECT_THAT(why_not("HKLM\\A\xc2\x85"), HasSubstr("control character"));
  EXPECT_THAT(why_not("HKLM\\\xff"), HasSubstr("is not valid Unicode; write it in UTF-8"));
}

TEST(KeyPath, the_limits_are_those_of_windows) {
  const auto repeated = [](std::string_view text, size_t times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
  };
  EXPECT_TRUE(KeyPath::parse("HKLM\\" + repeated("あ", 255)));
  EXPECT_THAT(why_not("HKLM\\" + repeated("あ", 256)),
              HasSubstr("has 256 characters; use at most 255"));
  EXPECT_TRUE(KeyPath::parse("HKLM\\" + repeated("😀", 127)));
  EXPECT_THAT(why_not("HKLM\\" + repeated("😀", 128)), HasSubstr("has 256 characters"));
  EXPECT_TRUE(KeyPath::parse("HKLM" + repeated("\\a", 511)));
  EXPECT_THAT(why_not("HKLM" + repeated("\\a", 512)), HasSubstr("is 513 levels deep"));
  EXPECT_THAT(why_not("HKLM" + repeated("\\" + repeated("a", 254), 130)),
              HasSubstr("use at most 32767"));
  EXPECT_THAT(why_not(repeated("a", 200'000)), HasSubstr("is too long"));
  EXPECT_TRUE(check_value_name(repeated("a", 16'383)));
  EXPECT_FALSE(check_value_name(repeated("a", 16'384)));
}

TEST(ValuePath, in_one_word_the_name_follows_the_last_separator) {
  const auto path = ValuePath::parse("HKLM/SOFTWARE/NEC/SELFADDR").value();
  EXPECT_EQ(path.key.text(), R"(HKEY_LOCAL_MACHINE\SOFTWARE\NEC)");
  EXPECT_EQ(path.name, "SELFADDR");
  EXPECT_EQ(ValuePath::parse(path.text()).value(), path);
  EXPECT_EQ(ValuePath::parse(R"(HKLM\SOFTWARE\)").value(), (ValuePath{key(R"(HKLM\SOFTWARE)"), ""}))
      << "the default value";
  EXPECT_EQ(ValuePath::parse("HKLM¥SOFTWARE¥値").value().name, "値");
  EXPECT_EQ(ValuePath::parse("HKLM").error().what, "\"HKLM\" names no value; write KEY\\VALUE");
}

TEST(ValuePath, compares_without_case) {
  EXPECT_EQ((ValuePath{key("HKLM\\A"), "SelfAddr"}), (ValuePath{key("hklm\\a"), "SELFADDR"}));
}

}  // namespace
}  // namespace tasuki::registry
