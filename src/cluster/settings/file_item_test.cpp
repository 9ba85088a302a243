#include "cluster/settings/file_item.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tasuki::settings {
namespace {

FileItem regular(const std::string& content) {
  return {FileItem::Kind::regular, content, 0644, {"root", 0}, {"root", 0}};
}

// A letter is what a file is; "-" is that there is none.
FileItem item(char letter) {
  return letter == '-' ? FileItem{} : regular(std::string(1, letter));
}

struct Row {
  const char* meaning;
  char disk;
  char settings;  // "?": they say nothing of the file
  const char* ours;
  MayChange may;
  FileDeed deed;
};

TEST(DecideFile, is_this_table) {
  using enum MayChange;
  using enum FileDeed;
  for (const Row& row : {
           Row{"all is well", 'A', 'A', "A", yes, nothing},
           Row{"all is well on a standby", 'A', 'A', "A", no, nothing},
           Row{"both are gone", '-', '-', "A", no, nothing},

           Row{"it begins to follow: the active node's counts", 'A', '?', "", yes, propose},
           Row{"that there is none counts as well", '-', '?', "", yes, propose},
           Row{"it begins to follow: a standby waits for the word", 'A', '?', "", no, nothing},
           Row{"then its own is not lost", 'B', 'A', "", no, keep_aside_and_put},
           Row{"and where it has none, nothing can be", '-', 'A', "", no, put},
           Row{"a node that is new in the policy changes nothing", 'B', 'A', "", yes,
               keep_aside_and_put},

           Row{"changed where the group is active", 'B', 'A', "A", yes, propose},
           Row{"deleted there", '-', 'A', "A", yes, propose},
           Row{"made there anew", 'A', '-', "-", yes, propose},
           Row{"changed on a standby", 'B', 'A', "A", no, keep_aside_and_put},
           Row{"deleted on a standby: nothing can be kept", '-', 'A', "A", no, put},
           Row{"made on a standby, where there is to be none", 'B', '-', "-", no,
               keep_aside_and_put},

           Row{"the settings went on", 'A', 'B', "A", no, put},
           Row{"also while nobody is active", 'A', 'B', "A", yes, put},
           Row{"the file was deleted", 'A', '-', "A", no, put},
           Row{"the write was broken off before the file was new", 'A', 'B', "AB", yes, put},
           Row{"and the settings went on behind one that was not", 'B', 'C', "AB", yes, put},
           Row{"both went on, on a standby", 'C', 'B', "A", no, keep_aside_and_put},
           Row{"both went on, and this node may say what counts", 'C', 'B', "A", yes, propose},

           Row{"nobody knows who may", 'B', 'A', "A", not_now, nothing},
           Row{"nor whether that is the newest", 'A', 'B', "A", not_now, nothing},
           Row{"nor who is to begin", 'A', '?', "", not_now, nothing},
       }) {
    std::vector<std::string> ours;
    for (const char* letter = row.ours; *letter != '\0'; ++letter)
      ours.push_back(fingerprint(item(*letter)));
    const auto settings = row.settings == '?' ? std::nullopt : std::optional(item(row.settings));
    EXPECT_EQ(decide_file(item(row.disk), settings, ours, row.may), row.deed) << row.meaning;
  }
}

TEST(FileItem, is_read_as_it_was_written) {
  const FileItem written{
      FileItem::Kind::regular, std::string("a\0b", 3), 04750, {"", 1234}, {"mail", 8}};
  const auto read = file_item_of(data_of(written));
  ASSERT_TRUE(read);
  EXPECT_TRUE(same(*read, written));
  EXPECT_EQ(read->owner.number, 1234);
  EXPECT_EQ(read->group.name, "mail");
  for (const FileItem& other : {FileItem{}, FileItem{FileItem::Kind::symlink, "../x"}})
    EXPECT_TRUE(same(file_item_of(data_of(other)).value(), other));
}

TEST(FileItem, is_not_taken_from_what_is_none) {
  const std::string whole = data_of(regular("content"));
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(file_item_of(whole.substr(0, length))) << length;
  EXPECT_FALSE(file_item_of(whole + "x"));
  EXPECT_FALSE(file_item_of("\x12HKEY_LOCAL_MACHINE"));
}

TEST(FileItem, is_another_one_when_anything_of_it_is) {
  const FileItem one = regular("x");
  FileItem mode = one;
  mode.mode = 0600;
  FileItem owner = one;
  owner.owner = {"mail", 8};
  FileItem group = one;
  group.group = {"", 8};
  for (const FileItem& other :
       {regular("y"), mode, owner, group, FileItem{},
        FileItem{FileItem::Kind::symlink, "x", 0644, one.owner, one.group}}) {
    EXPECT_FALSE(same(one, other));
    EXPECT_NE(fingerprint(one), fingerprint(other));
  }
}

TEST(FileItem, has_owners_by_name_and_by_number_where_there_is_none) {
  EXPECT_TRUE(same(Account{"mail", 8}, Account{"mail", 108}));
  EXPECT_FALSE(same(Account{"mail", 8}, Account{"news", 8}));
  EXPECT_TRUE(same(Account{"", 8}, Account{"mail", 8}));
  EXPECT_FALSE(same(Account{"", 8}, Account{"", 9}));
  FileItem elsewhere = regular("x");
  elsewhere.owner.number = 7;
  EXPECT_EQ(fingerprint(regular("x")), fingerprint(elsewhere));
}

}  // namespace
}  // namespace tasuki::settings
