#include "cluster/registry/value.hpp"

#include <gmock/gmock.h>

#include "cluster/registry/utf16.hpp"

namespace tasuki::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Value parsed(std::string_view type, const std::vector<std::string>& arguments) {
  return parse_value(type, arguments).value();
}

std::string why_not(std::string_view type, const std::vector<std::string>& arguments) {
  const auto value = parse_value(type, arguments);
  return value ? "it is " + to_text(*value) : value.error().what;
}

TEST(Value, is_read_from_a_command_line_by_its_type) {
  EXPECT_EQ(parsed("string", {"a b"}), Value(String{"a b"}));
  EXPECT_EQ(parsed("expand", {"%TEMP%"}), Value(ExpandString{"%TEMP%"}));
  EXPECT_EQ(parsed("multi", {"one", "two"}), Value(MultiString{{"one", "two"}}));
  EXPECT_EQ(parsed("multi", {}), Value(MultiString{}));
  EXPECT_EQ(parsed("dword", {"31"}), Value(Dword{31}));
  EXPECT_EQ(parsed("dword", {"0xFFFFFFFF"}), Value(Dword{0xFFFFFFFF}));
  EXPECT_EQ(parsed("qword", {"4294967296"}), Value(Qword{4294967296}));
  EXPECT_EQ(parsed("binary", {"01,fF", "a0 B1c2"}), Value(Binary{{1, 0xFF, 0xA0, 0xB1, 0xC2}}));
  EXPECT_EQ(parsed("binary", {}), Value(Binary{}));
  EXPECT_EQ(parsed("hex(8)", {"00"}), Value(Raw{8, {0}}));
  EXPECT_EQ(parsed("hex(1)", {"41,00,00,00"}), Value(String{"A"}));
}

TEST(Value, that_does_not_fit_its_type_is_refused_with_what_would) {
  EXPECT_EQ(why_not("dword", {"4294967296"}),
            "\"4294967296\" is no dword; write a number from 0 to 4294967295, or hexadecimal with "
            "0x");
  EXPECT_THAT(why_not("dword", {"-1"}), HasSubstr("is no dword"));
  EXPECT_THAT(why_not("dword", {"0x"}), HasSubstr("is no dword"));
  EXPECT_THAT(why_not("qword", {""}), HasSubstr("is no qword"));
  EXPECT_THAT(why_not("binary", {"1"}), HasSubstr("write each byte as two hexadecimal digits"));
  EXPECT_THAT(why_not("binary", {"0x"}), HasSubstr("is not binary"));
  EXPECT_THAT(why_not("multi", {"a", ""}), HasSubstr("leave it out"));
  EXPECT_THAT(why_not("string", {"a", "b"}), HasSubstr("one argument, not 2; quote it"));
  EXPECT_THAT(why_not("string", {"\xff"}), HasSubstr("write it in UTF-8"));
  EXPECT_EQ(why_not("strnig", {"a"}), "there is no type \"strnig\"; did you mean \"string\"?");
  EXPECT_THAT(why_not("hex(N)", {"00"}), HasSubstr("there is no type"));
}

TEST(Value, is_shown_in_one_line) {
  EXPECT_EQ(to_text(String{"受注\r\n\x1b[2J"}), "受注   [2J");
  EXPECT_EQ(to_text(MultiString{{"a b", "c"}}), R"("a b" "c")");
  EXPECT_EQ(to_text(Dword{31}), "0x0000001f (31)");
  EXPECT_EQ(to_text(Qword{31}), "0x000000000000001f (31)");
  EXPECT_EQ(to_text(Binary{{1, 0xFF}}), "01 ff");
}

const std::vector<Value>& one_of_each() {
  static const std::vector<Value> kValues{String{""},
                                          String{"受注 😀\n"},
                                          ExpandString{"%A%"},
                                          MultiString{},
                                          MultiString{{"one", "二"}},
                                          Dword{0x01020304},
                                          Qword{0x0102030405060708},
                                          Binary{},
                                          Binary{{0, 1}},
                                          Raw{0, {}},
                                          Raw{5, {1, 2, 3, 4}},
                                          Raw{kTypeString, {'A', 0}},
                                          Raw{kTypeDword, {1, 2, 3}},
                                          Raw{0xFFFFFFFF, {7}}};
  return kValues;
}

TEST(Value, is_the_same_again_from_its_type_and_arguments) {
  for (const Value& value : one_of_each())
    EXPECT_EQ(parsed(type_name(value), to_arguments(value)), value) << type_name(value);
}

TEST(Value, is_the_same_again_from_the_bytes_that_windows_keeps) {
  for (const Value& value : one_of_each()) {
    EXPECT_EQ(value_of(type_of(value), bytes_of(value)), value) << type_name(value);
    EXPECT_TRUE(check(value)) << type_name(value);
  }
  EXPECT_THAT(bytes_of(String{"A"}), ElementsAre('A', 0, 0, 0));
  EXPECT_THAT(bytes_of(MultiString{{"A"}}), ElementsAre('A', 0, 0, 0, 0, 0));
  EXPECT_THAT(bytes_of(MultiString{}), ElementsAre(0, 0));
  EXPECT_THAT(bytes_of(Dword{0x01020304}), ElementsAre(4, 3, 2, 1));
}

TEST(Value, bytes_that_are_no_text_stay_as_they_are) {
  const std::vector<Bytes> no_strings{
      {}, {'A', 0}, {'A', 0, 0}, {'A', 0, 0, 0, 'B', 0, 0, 0}, {0x00, 0xD8, 0, 0}};
  for (const std::uint32_t type : {kTypeString, kTypeExpandString})
    for (const Bytes& bytes : no_strings) {
      EXPECT_EQ(value_of(type, bytes), Value(Raw{type, bytes}));
      EXPECT_EQ(bytes_of(value_of(type, bytes)), bytes);
    }
  EXPECT_EQ(value_of(kTypeMultiString, {'A', 0, 0, 0}),
            Value(Raw{kTypeMultiString, {'A', 0, 0, 0}}))
      << "the strings have no end";
  EXPECT_EQ(value_of(kTypeMultiString, {0, 0, 'A', 0, 0, 0, 0, 0}), Value(MultiString{{"", "A"}}))
      << "an empty string between others is not lost";
}

TEST(Value, from_outside_is_checked) {
  EXPECT_THAT(check(String{std::string("a\0b", 3)}).error().what, HasSubstr("zero character"));
  EXPECT_THAT(check(MultiString{{"a", "\xed\xa0\x80"}}).error().what, HasSubstr("valid Unicode"));
  EXPECT_THAT(check(Raw{kTypeDword, {1, 2, 3, 4}}).error().what, HasSubstr("that dword holds"));
}

TEST(Utf16, half_of_a_pair_is_kept) {
  const std::string bytes(
      "\x00\xD8"
      "A\x00\x00\xDC\x3D\xD8\x00\xDE",
      10);
  const std::string text = from_utf16(bytes, ByteOrder::LittleEnd);
  EXPECT_EQ(text,
            "\xED\xA0\x80"
            "A\xED\xB0\x80😀");
  EXPECT_EQ(to_utf16(text), bytes);
}

}  // namespace
}  // namespace tasuki::registry
