#include "cluster/systemd/slice.hpp"

#include <gtest/gtest.h>

namespace tasuki::systemd {
namespace {

TEST(Slice, has_a_level_for_the_group_and_one_for_the_service) {
  EXPECT_EQ(slice_of("group1", "web"), "tasuki.slice/tasuki-group1.slice/tasuki-group1-web.slice");
}

TEST(Slice, of_names_with_dashes_has_no_more_levels) {
  const std::string slice = slice_of("mail-group", "my-web");
  EXPECT_EQ(slice,
            R"(tasuki.slice/tasuki-mail\x2dgroup.slice/tasuki-mail\x2dgroup-my\x2dweb.slice)");
  EXPECT_EQ(unit_of_slice(slice), R"(tasuki-mail\x2dgroup-my\x2dweb.slice)");
}

}  // namespace
}  // namespace tasuki::systemd
