#include "kit/block_device.hpp"

#include <sys/sysmacros.h>

#include <gtest/gtest.h>

namespace tasuki {
namespace {

TEST(BlockDevice, is_told_by_its_number_and_when_it_is_gone_by_its_path) {
  const Mount mount{1, makedev(7, 0), "/", "/data", "ext4", "/dev/disk/by-label/data", false};
  EXPECT_TRUE((BlockDevice{"/dev/loop0", makedev(7, 0)}.carries(mount)));
  EXPECT_FALSE((BlockDevice{"/dev/disk/by-label/data", makedev(7, 1)}.carries(mount)));
  EXPECT_TRUE((BlockDevice{"/dev/disk/by-label/data", 0}.carries(mount)));
  EXPECT_FALSE((BlockDevice{"/dev/loop0", 0}.carries(mount)));
}

TEST(BlockDevice, that_is_none_is_refused_in_words) {
  EXPECT_EQ(BlockDevice::find("/dev/no-such").error().what, "there is no device /dev/no-such");
  EXPECT_EQ(BlockDevice::find("/dev/null").error().what, "/dev/null is not a block device");
}

TEST(BlockDevice, that_is_gone_is_free) {
  EXPECT_TRUE((BlockDevice{"/dev/no-such", 0}.check_free()));
}

}  // namespace
}  // namespace tasuki
