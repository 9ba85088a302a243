#include "cluster/resource/partition/mount_options.hpp"

#include <sys/mount.h>

#include <gmock/gmock.h>

namespace tasuki::resource {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Parameter = MountOptions::Parameter;

TEST(MountOptions, of_the_mount_are_told_from_those_of_the_file_system) {
  const auto options =
      parse_mount_options("noatime,nodev,nosuid,ro,errors=remount-ro,data=ordered");
  EXPECT_EQ(options.attributes,
            static_cast<uint64_t>(MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID));
  EXPECT_THAT(options.parameters,
              ElementsAre(Parameter{"ro", std::nullopt}, Parameter{"errors", "remount-ro"},
                          Parameter{"data", "ordered"}));
}

TEST(MountOptions, that_come_later_win) {
  EXPECT_EQ(parse_mount_options("noatime,strictatime").attributes,
            static_cast<uint64_t>(MOUNT_ATTR_STRICTATIME));
  EXPECT_EQ(parse_mount_options("nodev,noexec,dev").attributes,
            static_cast<uint64_t>(MOUNT_ATTR_NOEXEC));
}

TEST(MountOptions, that_only_fstab_knows_are_left_out) {
  const auto options = parse_mount_options("defaults,nofail,_netdev,x-systemd.automount,");
  EXPECT_EQ(options.attributes, 0U);
  EXPECT_THAT(options.parameters, IsEmpty());
  EXPECT_THAT(parse_mount_options("").parameters, IsEmpty());
}

TEST(MountOptions, keep_what_follows_the_first_equals_sign) {
  EXPECT_THAT(parse_mount_options("subvol=/a=b,logdev=").parameters,
              ElementsAre(Parameter{"subvol", "/a=b"}, Parameter{"logdev", ""}));
}

}  // namespace
}  // namespace tasuki::resource
