#include "cluster/settings/content.hpp"

#include <gmock/gmock.h>

namespace tasuki::settings {
namespace {

using testing::ElementsAre;
using testing::Field;
using enum Edit::What;

Content content_with(std::vector<Edit> edits) {
  Content content;
  content.apply(edits);
  return content;
}

TEST(Content, what_lies_below_a_place_is_erased_with_it) {
  Content content = content_with({{put, "a", "1"},
                                  {put, "a\x01", "2"},
                                  {put, "a\x03z\x01", "3"},
                                  {put, "a-b", "4"},
                                  {put, "ab", "5"}});
  content.apply(std::vector<Edit>{{erase_all_at, "a"}});
  EXPECT_EQ(content.find("a"), nullptr);
  EXPECT_EQ(content.find("a\x01"), nullptr);
  EXPECT_EQ(content.find("a\x03z\x01"), nullptr);
  EXPECT_EQ(*content.find("a-b"), "4");
  EXPECT_EQ(*content.find("ab"), "5");
  EXPECT_EQ(content.count(), 2);
}

TEST(Content, equal_items_have_an_equal_digest_whatever_happened_before) {
  const Content one = content_with({{put, "a", "1"}, {put, "b", "2"}});
  Content other = content_with({{put, "b", "x"}, {put, "c", "3"}});
  other.apply(std::vector<Edit>{{erase, "c"}, {put, "b", "2"}, {put, "a", "1"}});
  EXPECT_EQ(one.digest(), other.digest());
  EXPECT_NE(one.digest(), content_with({{put, "a", "2"}, {put, "b", "1"}}).digest());
  // Where an id ends is a part of it.
  EXPECT_NE(content_with({{put, "ab", "c"}}).digest(), content_with({{put, "a", "bc"}}).digest());
}

TEST(Content, what_differs_from_an_older_copy_is_known_with_what_was_erased) {
  Content content = content_with({{put, "a", "1"}, {put, "b", "2"}, {put, "c", "3"}});
  content.apply(std::vector<Edit>{{put, "b", "4"}});
  content.apply(std::vector<Edit>{{erase, "c"}});
  EXPECT_THAT(content.changed_after(1), ElementsAre(Field(&Item::id, "b"), Field(&Item::id, "c")));
  EXPECT_FALSE(content.item("c").entry.there);
  EXPECT_TRUE(content.changed_after(3).empty());
}

TEST(Content, what_was_erased_is_forgotten_when_every_node_knows_it) {
  Content content = content_with({{put, "a", "1"}, {put, "b", "2"}});
  content.apply(std::vector<Edit>{{erase, "a"}});
  content.committed = 2;
  content.forget_erased(false);
  EXPECT_EQ(content.entries().size(), 2);
  content.forget_erased(true);
  EXPECT_EQ(content.entries().size(), 1);
  EXPECT_EQ(content.forgotten, 2);
}

// A node may be away for months.
TEST(Content, no_more_is_remembered_of_what_was_erased_than_there_is) {
  Content content;
  for (int i = 0; i < 30'000; ++i)
    content.apply(std::vector<Edit>{{put, std::to_string(i), ""}, {erase, std::to_string(i)}});
  content.committed = content.number;
  content.forget_erased(false);
  EXPECT_LT(content.entries().size(), 20'000);
  EXPECT_GT(content.forgotten, 10'000);
}

}  // namespace
}  // namespace tasuki::settings
