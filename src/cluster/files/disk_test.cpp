#include "cluster/files/disk.hpp"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>

#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::files {
namespace {

namespace fs = std::filesystem;

const FileItem kAbsent;
FileItem regular(const std::string& content) {
  return {FileItem::Kind::regular, content, 0644, {"root", 0}, {"root", 0}};
}

class DiskTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& content) const {
    EXPECT_TRUE(replace_file_durably(file_, content, 0644));
  }
  // Runs until the file was told to be this.
  void wait_for(const FileItem& item) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!(last_ && same(*last_, item)) && std::chrono::steady_clock::now() < limit)
      io_.run_one_until(limit);
    EXPECT_TRUE(last_ && same(*last_, item));
  }
  // What it is now was heard of.
  void follow() {
    disk_.follow({file_});
    bool looked = false;
    disk_.look({file_}, [&] { looked = true; });
    while (!looked) io_.run_one();
  }

  std::string folder_ = make_test_folder();
  std::string file_ = folder_ + "/etc/app/app.conf";
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::optional<FileItem> last_;
  Disk disk_{io_, folder_, [this](const std::string& path, const Result<FileItem>& item) {
               EXPECT_EQ(path, file_);
               last_ = item ? std::optional(*item) : std::nullopt;
             }};
};

TEST_F(DiskTest, whatever_becomes_of_a_file_is_told) {
  fs::create_directories(fs::path(file_).parent_path());
  write("a");
  follow();
  wait_for(regular("a"));
  write("replaced by rename");
  wait_for(regular("replaced by rename"));
  ASSERT_TRUE(write_file(file_, "changed in place  "));
  wait_for(regular("changed in place  "));
  ASSERT_EQ(::chown(file_.c_str(), 1, 0), 0);
  FileItem other = regular("changed in place  ");
  other.owner = {"", 1};
  wait_for(other);
  ASSERT_EQ(::unlink(file_.c_str()), 0);
  wait_for(kAbsent);
  fs::create_symlink("x", file_);
  wait_for({FileItem::Kind::symlink, "x"});
}

TEST_F(DiskTest, also_when_its_folders_come_and_go) {
  follow();
  wait_for(kAbsent);
  fs::create_directories(fs::path(file_).parent_path());
  write("a");
  wait_for(regular("a"));
  fs::rename(folder_ + "/etc/app", folder_ + "/etc/old");
  wait_for(kAbsent);
  fs::create_directories(fs::path(file_).parent_path());
  write("b");
  wait_for(regular("b"));
}

TEST_F(DiskTest, what_is_put_in_its_place_is_kept_aside_first) {
  fs::create_directories(fs::path(file_).parent_path());
  write("mine");
  follow();
  std::optional<Done> done;
  disk_.put({{file_, regular("theirs"), regular("mine"), true}},
            [&](const std::vector<Done>& all) { done = all.at(0); });
  while (!done) io_.run_one();
  EXPECT_TRUE(done->done);
  EXPECT_EQ(read_file(done->aside).value(), "mine");
  EXPECT_TRUE(same(done->now.value(), regular("theirs")));
  EXPECT_EQ(read_file(file_).value(), "theirs");
}

TEST_F(DiskTest, what_it_remembers_is_there_the_next_time) {
  EXPECT_FALSE(disk_.remembered());
  disk_.remember({{file_, {"a", "b"}}});
  bool looked = false;
  disk_.look({}, [&] { looked = true; });
  while (!looked) io_.run_one();
  EXPECT_EQ(disk_.remembered(), (Ours{{file_, {"a", "b"}}}));
}

}  // namespace
}  // namespace tasuki::files
