#include "kit/cgroup_place.hpp"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

TEST(Cgroup, is_found_where_it_is_mounted) {
  EXPECT_EQ(parse_cgroup_place("29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                               "0::/system.slice/tasuki-keeper.service\n")
                .value(),
            (CgroupPlace{"/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/tasuki-keeper.service"}));
}

TEST(Cgroup, is_found_beside_version_1) {
  EXPECT_EQ(parse_cgroup_place("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                               "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
                               "1:cpu:/a\n0::/\n")
                .value(),
            (CgroupPlace{"/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified"}));
}

TEST(Cgroup, is_found_below_a_mount_that_shows_only_a_part) {
  EXPECT_EQ(parse_cgroup_place("41 31 0:38 /lab/sv1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                               "0::/lab/sv1/keeper\n")
                .value()
                .own,
            "/sys/fs/cgroup/keeper");
}

TEST(Cgroup, missing_is_told_in_a_sentence_that_says_what_to_do) {
  const auto place = parse_cgroup_place("32 31 0:29 / /cpu rw - cgroup cgroup rw,cpu\n", "0::/\n");
  ASSERT_FALSE(place);
  EXPECT_NE(place.error().what.find("cgroup v2 is not mounted"), std::string::npos);
}

}  // namespace
}  // namespace tasuki
