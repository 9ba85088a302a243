#include "kit/file.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "kit/test_folder.hpp"

namespace tasuki {
namespace {

struct FileTest : testing::Test {
  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "tasuki-file-test";
  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }
};

TEST_F(FileTest, a_durable_write_replaces_the_whole_content) {
  const std::string path = folder / "state";
  ASSERT_TRUE(replace_file_durably(path, "a long first content"));
  ASSERT_TRUE(replace_file_durably(path, "short"));
  EXPECT_EQ(read_file(path).value(), "short");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(FileTest, the_mode_holds_whatever_the_umask_says) {
  const std::string path = folder / "key";
  ASSERT_TRUE(replace_file_durably(path, "secret", 0640));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(FileTest, an_error_names_the_file_and_the_reason) {
  const auto read = read_file("/no/such/file");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "open /no/such/file: No such file or directory");
  EXPECT_EQ(read.error().code, ENOENT);
}

TEST_F(FileTest, is_read_up_to_a_limit_even_if_it_has_no_end) {
  const std::string path = folder / "ten";
  ASSERT_TRUE(replace_file_durably(path, "0123456789"));
  EXPECT_EQ(read_file(path, 10).value(), "0123456789");
  EXPECT_EQ(read_file(path, 9).error(),
            (Error{"read " + path + ": it has more than 9 bytes", EFBIG}));
  EXPECT_EQ(read_file("/dev/zero", 100'000).error(),
            (Error{"read /dev/zero: it has more than 100000 bytes", EFBIG}));
}

TEST(PrivateFile, is_for_its_owner_alone_and_never_one_that_was_there) {
  const std::string folder = make_test_folder();
  const std::string path = folder + "/key";
  ASSERT_TRUE(create_private_file(path, "secret"));
  EXPECT_EQ(read_file(path), "secret");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
  const auto again = create_private_file(path, "other");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EEXIST);
  EXPECT_EQ(read_file(path), "secret");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tasuki
