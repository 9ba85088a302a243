#include "cluster/batchrun/files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "kit/test_folder.hpp"

namespace tasuki::batchrun {
namespace {

using testing::ElementsAre;

struct FilesTest : testing::Test {
  FilesTest() {
    folder = make_test_folder();
    std::filesystem::create_directories(folder + "/Data/Log");
    std::ofstream(folder + "/Data/Settings.INI") << "x=1\n";
    files = Files({{'y', folder}});
  }
  ~FilesTest() override { std::filesystem::remove_all(folder); }
  std::string folder;
  Files files;
};

TEST_F(FilesTest, are_found_by_drive_and_in_any_case) {
  EXPECT_EQ(files.find("/", "Y:\\data\\settings.ini"), folder + "/Data/Settings.INI");
  EXPECT_EQ(files.find("y:\\DATA", "settings.ini"), folder + "/Data/Settings.INI");
  EXPECT_FALSE(files.find("/", "y:\\data\\other.ini"));
  EXPECT_FALSE(files.find("/", "q:\\data"));
  EXPECT_TRUE(files.exists("y:\\", "data\\set*.ini"));
}

TEST_F(FilesTest, that_are_new_go_into_the_folder_that_is_there) {
  EXPECT_EQ(files.place("/", "y:\\data\\New.txt").value(), folder + "/Data/New.txt");
  EXPECT_EQ(files.place("/", "y:\\data\\SETTINGS.ini").value(), folder + "/Data/Settings.INI");
  EXPECT_FALSE(files.place("/", "q:\\new.txt"));
}

TEST_F(FilesTest, drives_and_paths_are_read_in_either_manner) {
  EXPECT_EQ(parse_drives("y=/mnt/a;Z=/srv;"), (batch::Drives{{'y', "/mnt/a"}, {'z', "/srv"}}));
  EXPECT_TRUE(parse_drives("").empty());
  EXPECT_THAT(files.path_folders("/usr/bin:/bin;y:\\data;q:\\x"),
              ElementsAre("/usr/bin", "/bin", folder + "/Data"));
}

}  // namespace
}  // namespace tasuki::batchrun
