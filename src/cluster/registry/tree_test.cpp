#include "cluster/registry/tree.hpp"

#include <gmock/gmock.h>

namespace tasuki::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

KeyPath key(std::string_view text) {
  return KeyPath::parse(text).value();
}

SetValue set(std::string_view path, std::string name, Value value) {
  return {{key(path), std::move(name)}, std::move(value)};
}

std::vector<std::string> walked(const Tree& tree, std::string_view top) {
  std::vector<std::string> paths;
  tree.walk(key(top), [&](const KeyPath& path, const Key&) { paths.push_back(path.text()); });
  return paths;
}

std::vector<std::string> texts(const std::vector<KeyPath>& paths) {
  std::vector<std::string> all;
  for (const KeyPath& path : paths) all.push_back(path.text());
  return all;
}

std::vector<std::string> value_names(const Key& from) {
  std::vector<std::string> names;
  for (const NamedValue* const value : from.values()) names.push_back(value->name);
  return names;
}

TEST(Tree, a_name_keeps_the_case_it_was_first_written_in) {
  Tree tree;
  EXPECT_TRUE(tree.apply(CreateKey{key(R"(HKLM\Software\Nec)")}));
  EXPECT_TRUE(tree.apply(set(R"(HKLM\SOFTWARE\NEC\Star)", "SelfAddr", String{"1"})));
  EXPECT_TRUE(tree.apply(set(R"(HKLM\software\nec\STAR)", "SELFADDR", String{"2"})));
  EXPECT_THAT(walked(tree, R"(hklm\software)"),
              ElementsAre(R"(HKEY_LOCAL_MACHINE\Software)", R"(HKEY_LOCAL_MACHINE\Software\Nec)",
                          R"(HKEY_LOCAL_MACHINE\Software\Nec\Star)"));
  const auto* const found = tree.find(ValuePath{key(R"(HKLM\software\nec\star)"), "selfaddr"});
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, (NamedValue{"SelfAddr", String{"2"}}));
}

TEST(Tree, tells_whether_a_change_changed_anything) {
  Tree tree;
  EXPECT_FALSE(tree.apply(DeleteKey{key("HKLM\\A")}));
  EXPECT_FALSE(tree.apply(DeleteValue{{key("HKLM\\A"), "x"}}));
  EXPECT_TRUE(tree.apply(CreateKey{key("HKLM\\A")}));
  EXPECT_FALSE(tree.apply(CreateKey{key("HKLM\\a")}));
  EXPECT_TRUE(tree.apply(set("HKLM\\A", "x", String{""}))) << "an empty value is one";
  EXPECT_FALSE(tree.apply(set("HKLM\\A", "X", String{""})));
  EXPECT_TRUE(tree.apply(set("HKLM\\A", "x", Dword{0})));
  EXPECT_TRUE(tree.apply(DeleteValue{{key("HKLM\\A"), "X"}}));
  EXPECT_FALSE(tree.apply(DeleteValue{{key("HKLM\\A"), "x"}}));
  EXPECT_NE(tree.find(key("HKLM\\A")), nullptr) << "a key without values stays";
}

TEST(Tree, deleting_a_key_deletes_what_is_below_and_nothing_beside) {
  Tree tree;
  for (const char* const path : {R"(HKLM\A\B\C)", R"(HKLM\A B)", R"(HKLM\A2)", R"(HKLM\A-)"})
    tree.apply(CreateKey{key(path)});
  EXPECT_TRUE(tree.apply(DeleteKey{key(R"(hklm\a)")}));
  EXPECT_THAT(walked(tree, "HKLM"),
              ElementsAre("HKEY_LOCAL_MACHINE", R"(HKEY_LOCAL_MACHINE\A B)",
                          R"(HKEY_LOCAL_MACHINE\A-)", R"(HKEY_LOCAL_MACHINE\A2)"));
}

TEST(Tree, is_walked_in_the_order_of_an_export) {
  Tree tree;
  for (const char* const path :
       {R"(HKLM\b)", R"(HKLM\A B)", R"(HKLM\A\Z)", R"(HKLM\A\c\1)", R"(HKLM\A)", R"(HKCU\X)"})
    tree.apply(CreateKey{key(path)});
  EXPECT_THAT(
      walked(tree, "HKLM"),
      ElementsAre("HKEY_LOCAL_MACHINE", R"(HKEY_LOCAL_MACHINE\A)", R"(HKEY_LOCAL_MACHINE\A\c)",
                  R"(HKEY_LOCAL_MACHINE\A\c\1)", R"(HKEY_LOCAL_MACHINE\A\Z)",
                  R"(HKEY_LOCAL_MACHINE\A B)", R"(HKEY_LOCAL_MACHINE\b)"));
  EXPECT_THAT(walked(tree, R"(HKLM\none)"), IsEmpty());
  EXPECT_THAT(texts(tree.children(key("HKLM"))),
              ElementsAre(R"(HKEY_LOCAL_MACHINE\A)", R"(HKEY_LOCAL_MACHINE\A B)",
                          R"(HKEY_LOCAL_MACHINE\b)"));
  EXPECT_THAT(tree.children(key(R"(HKLM\A\Z)")), IsEmpty());
  EXPECT_THAT(tree.children(key(R"(HKLM\none)")), IsEmpty());
  EXPECT_THAT(texts(tree.roots()), ElementsAre("HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE"));
  EXPECT_EQ(tree.key_count(), 9U);
}

TEST(Tree, values_stand_in_the_order_in_which_they_were_made) {
  Tree tree;
  for (const char* const name : {"z", "a", "", "m"}) tree.apply(set("HKLM\\A", name, Dword{1}));
  tree.apply(set("HKLM\\A", "A", Dword{2}));  // in its place
  tree.apply(DeleteValue{{key("HKLM\\A"), "z"}});
  tree.apply(set("HKLM\\A", "z", Dword{3}));  // anew
  EXPECT_THAT(value_names(*tree.find(key("HKLM\\A"))), ElementsAre("a", "", "m", "z"));
}

TEST(Tree, trees_that_are_exported_alike_are_equal) {
  Tree one;
  Tree other;
  one.apply(set("HKLM\\A", "x", Dword{1}));
  other.apply(set("HKLM\\A", "gone", Dword{1}));
  other.apply(set("HKLM\\A", "x", Dword{1}));
  EXPECT_FALSE(one == other);
  other.apply(DeleteValue{{key("HKLM\\A"), "gone"}});
  EXPECT_TRUE(one == other);
  const Tree copy = one;
  one.apply(DeleteKey{key("HKLM\\A")});
  EXPECT_EQ(copy.key_count(), 2U);
}

}  // namespace
}  // namespace tasuki::registry
