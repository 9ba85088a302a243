#include "kit/mount_table.hpp"

#include <sys/sysmacros.h>

#include <gmock/gmock.h>

namespace tasuki {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountTable, has_one_mount_for_each_line) {
  EXPECT_THAT(
      parse_mount_table("63 43 7:0 / /data rw,noatime - ext4 /dev/loop0 rw,errors=continue\n"
                        "64 63 0:51 /sub /data/b rw shared:7 master:1 - btrfs /dev/sdb rw\n"),
      ElementsAre(Mount{63, makedev(7, 0), "/", "/data", "ext4", "/dev/loop0", false},
                  Mount{64, makedev(0, 51), "/sub", "/data/b", "btrfs", "/dev/sdb", false}));
}

TEST(MountTable, knows_read_only_of_the_mount_and_of_the_file_system) {
  const auto mounts = parse_mount_table(
      "1 0 7:0 / /a ro,nodev - ext4 /dev/a rw\n"
      "2 0 7:1 / /b rw - ext4 /dev/b ro,relatime\n"
      "3 0 7:2 / /c rw,root - ext4 /dev/c rw,errors=ro\n");
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_TRUE(mounts[0].read_only);
  EXPECT_TRUE(mounts[1].read_only);
  EXPECT_FALSE(mounts[2].read_only);
}

TEST(MountTable, gives_names_as_they_are) {
  const auto mounts = parse_mount_table(R"(1 0 7:0 / /my\040disk\134\0115 rw - ext4 /dev/a\ rw)");
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].mount_point, "/my disk\\\t5");
  EXPECT_EQ(mounts[0].source, "/dev/a\\");
}

TEST(MountTable, leaves_out_what_is_no_mount) {
  for (const auto* line : {"", "1 0 7:0", "1 0 7:0 / /a rw", "1 0 7:0 / /a rw - ext4 /dev/a",
                           "x 0 7:0 / /a rw - ext4 /dev/a rw", "1 0 7 / /a rw - ext4 /dev/a rw",
                           "1 0 7:0x / /a rw - ext4 /dev/a rw"})
    EXPECT_THAT(parse_mount_table(line), IsEmpty()) << line;
}

}  // namespace
}  // namespace tasuki
