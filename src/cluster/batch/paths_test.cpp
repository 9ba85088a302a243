#include "cluster/batch/paths.hpp"

#include <gmock/gmock.h>

namespace tasuki::batch {
namespace {

using testing::HasSubstr;

// A small disk.
std::vector<std::string> list_folder(const std::string& folder) {
  static const std::map<std::string, std::vector<std::string>> kFolders{
      {"/", {"mnt", "usr"}},
      {"/mnt", {"Data", "data"}},
      {"/mnt/data", {"StarSpl2", "a.LOG"}},
      {"/mnt/data/StarSpl2", {"SFOSCMD.EXE", "start.bat"}},
      {"/usr", {"bin"}},
      {"/usr/bin", {"isql", "net", "tool.sh", "Report.bat"}},
  };
  const auto found = kFolders.find(folder);
  return found == kFolders.end() ? std::vector<std::string>{} : found->second;
}

TEST(Paths, are_joined_without_dots) {
  EXPECT_EQ(join_path("C:\\scripts", "x.bat"), "C:\\scripts\\x.bat");
  EXPECT_EQ(join_path("C:\\scripts\\", "..\\.\\lib/x.bat"), "C:\\lib\\x.bat");
  EXPECT_EQ(join_path("C:\\scripts", "\\x"), "C:\\x");
  EXPECT_EQ(join_path("C:\\scripts", "D:\\y\\"), "D:\\y");
  EXPECT_EQ(join_path("C:\\", ".."), "C:\\");
  EXPECT_EQ(join_path("/etc/tasuki", "sub\\x.bat"), "/etc/tasuki/sub/x.bat");
  EXPECT_EQ(join_path("/etc", "/"), "/");
}

TEST(Paths, on_drives_become_directories) {
  const Drives drives{{'y', "/mnt/data"}, {'c', "/"}};
  EXPECT_EQ(to_linux_path("Y:\\starspl2\\run", drives).value(), "/mnt/data/starspl2/run");
  EXPECT_EQ(to_linux_path("c:\\temp", drives).value(), "/temp");
  EXPECT_EQ(to_linux_path("/mnt/x", drives).value(), "/mnt/x");
  EXPECT_THAT(to_linux_path("z:\\x", drives).error().what,
              HasSubstr("z:\\x is on drive z:, which is not defined; add"));
}

TEST(Paths, arguments_only_change_when_they_are_on_a_drive_that_is_defined) {
  const Drives drives{{'y', "/mnt/data"}};
  EXPECT_EQ(to_linux_argument("y:\\log\\a.log", drives), "/mnt/data/log/a.log");
  EXPECT_EQ(to_linux_argument("z:\\log", drives), "z:\\log");
  EXPECT_EQ(to_linux_argument("y:", drives), "y:");
  EXPECT_EQ(to_linux_argument("DOMAIN\\user", drives), "DOMAIN\\user");
}

TEST(Paths, are_found_whatever_their_case) {
  EXPECT_EQ(find_path("/MNT/data/starspl2/Start.BAT", list_folder), "/mnt/data/StarSpl2/start.bat");
  EXPECT_EQ(find_path("/mnt/data/missing", list_folder), std::nullopt);
  EXPECT_EQ(find_path("/", list_folder), "/");
}

TEST(Programs, are_found_in_folders_with_and_without_extension) {
  const std::vector<std::string> folders{"/mnt/data/StarSpl2", "/usr/bin"};
  EXPECT_EQ(find_program("NET", folders, list_folder), "/usr/bin/net");
  EXPECT_EQ(find_program("isql.exe", folders, list_folder), "/usr/bin/isql");
  EXPECT_EQ(find_program("sfoscmd", folders, list_folder), "/mnt/data/StarSpl2/SFOSCMD.EXE");
  EXPECT_EQ(find_program("report", folders, list_folder), "/usr/bin/Report.bat");
  EXPECT_EQ(find_program("tool", folders, list_folder), std::nullopt);
  EXPECT_EQ(find_program("/mnt/data/starspl2/sfoscmd", folders, list_folder),
            "/mnt/data/StarSpl2/SFOSCMD.EXE");
  EXPECT_EQ(find_program("/usr/sbin/net", folders, list_folder), std::nullopt);
}

TEST(Patterns, match_names_whatever_their_case) {
  EXPECT_TRUE(matches("*.log", "A.LOG"));
  EXPECT_TRUE(matches("a?c*", "abcdef"));
  EXPECT_TRUE(matches("*.*", "noextension"));
  EXPECT_TRUE(matches("*a*b", "xaabab"));
  EXPECT_FALSE(matches("*.log", "a.log1"));
  EXPECT_FALSE(matches("?", ""));
}

}  // namespace
}  // namespace tasuki::batch
