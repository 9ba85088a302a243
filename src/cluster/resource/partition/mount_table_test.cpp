#include "cluster/resource/partition/mount_table.hpp"

#include <sys/sysmacros.h>

#include <gmock/gmock.h>

namespace tasuki::resource {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountTable, has_one_mount_for_each_line) {
  EXPECT_THAT(
      parse_mount_table("63 43 7:0 / /data rw,noatime - ext4 /dev/loop0 rw,errors=continue\n"
                        "64 63 0:51 /sub /data/b rw shared:7 master:1 - btrfs /dev/sdb rw\n"),
      ElementsAre(Mount{63, makedev(7, 0), "/data", "/dev/loop0", false},
                  Mount{64, makedev(0, 51), "/data/b", "/dev/sdb", false}));
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

TEST(BlockDevice, is_told_by_its_number_and_when_it_is_gone_by_its_path) {
  const Mount mount{1, makedev(7, 0), "/data", "/dev/disk/by-label/data", false};
  EXPECT_TRUE((BlockDevice{"/dev/loop0", makedev(7, 0)}.carries(mount)));
  EXPECT_FALSE((BlockDevice{"/dev/disk/by-label/data", makedev(7, 1)}.carries(mount)));
  EXPECT_TRUE((BlockDevice{"/dev/disk/by-label/data", 0}.carries(mount)));
  EXPECT_FALSE((BlockDevice{"/dev/loop0", 0}.carries(mount)));
}

TEST(BlockDevice, that_is_none_is_refused_in_words) {
  EXPECT_EQ(BlockDevice::find("/dev/no-such").error().what, "there is no device /dev/no-such");
  EXPECT_EQ(BlockDevice::find("/dev/null").error().what, "/dev/null is not a block device");
}

}  // namespace
}  // namespace tasuki::resource
