#include "cluster/clp/toml.hpp"

#include <gmock/gmock.h>

namespace tasuki::clp {
namespace {

TEST(Names, are_kept_where_they_are_names_and_given_where_not) {
  Names names;
  EXPECT_EQ(names.give("failover1", "group"), "failover1");
  EXPECT_EQ(names.give("My Group (old)", "group"), "My-Group-old");
  EXPECT_EQ(names.give("_x", "group"), "x");
  EXPECT_EQ(names.give("業務", "group"), "group-1");
  EXPECT_EQ(names.give("予備 2", "group"), "group-2");
  EXPECT_EQ(names.give("", "group"), "group-3");
  EXPECT_EQ(names.give("...", "group"), "group-4");
  EXPECT_EQ(names.give(std::string(80, 'a'), "group"), std::string(63, 'a'));
}

TEST(Names, are_each_given_once) {
  Names names;
  EXPECT_EQ(names.give("a", "group"), "a");
  EXPECT_EQ(names.give("a-2", "group"), "a-2");
  EXPECT_EQ(names.give("a", "group"), "a-3");
  EXPECT_EQ(names.give("a b", "group"), "a-b");
  EXPECT_EQ(names.give("a(b", "group"), "a-b-2");
}

TEST(Toml, quotes_what_would_end_a_string) {
  EXPECT_EQ(toml_string("C:\\a \"b\""), "\"C:\\\\a \\\"b\\\"\"");
  EXPECT_EQ(toml_array({"a", "b"}), "[\"a\", \"b\"]");
}

}  // namespace
}  // namespace tasuki::clp
