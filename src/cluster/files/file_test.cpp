#include "cluster/files/file.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::files {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const {
    EXPECT_TRUE(replace_file_durably(path(name), content, 0640));
    return path(name);
  }
  std::string folder_ = make_test_folder();
};

const FileItem kAbsent;
FileItem regular(const std::string& content) {
  return {FileItem::Kind::regular, content, 0644, {"root", 0}, {"root", 0}};
}

TEST_F(FileTest, is_read_with_all_that_follows) {
  const std::string file = write("a", "content");
  ASSERT_EQ(::chown(file.c_str(), 1234567, 0), 0);
  const auto item = read_item(file);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->kind, FileItem::Kind::regular);
  EXPECT_EQ(item->content, "content");
  EXPECT_EQ(item->mode, 0640U);
  EXPECT_EQ(item->owner.name, "");
  EXPECT_EQ(item->owner.number, 1234567U);
  EXPECT_EQ(item->group.name, "root");
}

TEST_F(FileTest, a_link_is_what_it_says_and_not_what_it_leads_to) {
  fs::create_symlink("nowhere", path("link"));
  const auto item = read_item(path("link"));
  ASSERT_TRUE(item);
  EXPECT_EQ(item->kind, FileItem::Kind::symlink);
  EXPECT_EQ(item->content, "nowhere");
}

TEST_F(FileTest, what_is_not_there_is_an_item_too) {
  EXPECT_TRUE(same(read_item(path("none")).value(), kAbsent));
  EXPECT_TRUE(same(read_item(path("no/folder/none")).value(), kAbsent));
}

TEST_F(FileTest, what_cannot_follow_is_told) {
  EXPECT_EQ(read_item(folder_).error().code, EISDIR);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_item(path("pipe")).error().code, EINVAL);
  EXPECT_TRUE(read_item(write("large", std::string(kBytesMax, 'x'))));
  EXPECT_EQ(read_item(write("large", std::string(kBytesMax + 1, 'x'))).error().code, EFBIG);
}

TEST_F(FileTest, is_written_as_it_was_read) {
  FileItem mine = regular("new");
  mine.mode = 04711;
  mine.owner = {"daemon", 99};  // its number is that of here
  for (const FileItem& item :
       {mine, FileItem{FileItem::Kind::symlink, "../x", 0, {"root", 0}, {"", 7}}, regular("")}) {
    const FileItem before = read_item(path("f")).value();
    ASSERT_TRUE(write_item(path("f"), item, before));
    EXPECT_TRUE(same(read_item(path("f")).value(), item));
  }
  ASSERT_TRUE(write_item(path("f"), kAbsent, regular("")));
  EXPECT_FALSE(fs::exists(path("f")));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(FileTest, the_folders_above_it_are_made) {
  ASSERT_TRUE(write_item(path("a/b/c"), regular("x"), kAbsent));
  EXPECT_EQ(read_file(path("a/b/c")).value(), "x");
}

TEST_F(FileTest, what_was_not_expected_stays) {
  const std::string file = write("a", "somebody's");
  EXPECT_EQ(write_item(file, regular("new"), kAbsent).error().code, EAGAIN);
  EXPECT_EQ(write_item(file, kAbsent, regular("somebody's")).error().code, EAGAIN);
  EXPECT_EQ(read_file(file).value(), "somebody's");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FileTest, an_owner_that_is_unknown_here_is_told_and_nothing_is_left) {
  FileItem item = regular("x");
  item.owner = {"nobody-of-that-name", 1};
  EXPECT_THAT(write_item(path("a"), item, kAbsent).error().what, HasSubstr("no such user"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(FileTest, what_is_kept_aside_is_roots_alone_and_bounded) {
  const std::string aside = path("aside");
  std::string last;
  for (int i = 0; i < 105; ++i) {
    const auto kept = keep_aside(aside, "/etc/a.conf", regular(std::to_string(i)));
    ASSERT_TRUE(kept);
    last = *kept;
  }
  EXPECT_THAT(last, HasSubstr("/aside/etc%a.conf.2"));
  EXPECT_EQ(read_file(last).value(), "104");
  EXPECT_EQ(fs::status(last).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(aside), fs::directory_iterator()), 100);
}

}  // namespace
}  // namespace tasuki::files
