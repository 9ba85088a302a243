#include "cluster/systemd/systemctl.hpp"

#include <gtest/gtest.h>

namespace tasuki::systemd {
namespace {

TEST(Unit, is_what_systemctl_shows) {
  const Unit unit = parse_unit(
      "Type=notify\nRestart=on-failure\nMainPID=114\nExecMainCode=2\nExecMainStatus=9\n"
      "Result=signal\nSlice=system.slice\nControlGroup=/system.slice/web.service\n"
      "LoadState=loaded\nActiveState=reloading\nUnitFileState=enabled\nJob=17\n"
      "NeedDaemonReload=yes\n");
  EXPECT_EQ(unit.load, "loaded");
  EXPECT_EQ(unit.file, "enabled");
  EXPECT_EQ(unit.type, "notify");
  EXPECT_EQ(unit.slice, "system.slice");
  EXPECT_EQ(unit.cgroup, "/system.slice/web.service");
  EXPECT_EQ(unit.restart, "on-failure");
  EXPECT_EQ(unit.result, "signal");
  EXPECT_EQ(unit.main, 114);
  EXPECT_EQ(unit.end, 2);
  EXPECT_EQ(unit.status, 9);
  EXPECT_TRUE(unit.reload_needed);
  EXPECT_TRUE(unit.job);
  EXPECT_TRUE(unit.up());
}

TEST(Unit, that_nobody_knows_is_not_up_and_has_no_job) {
  const Unit unit =
      parse_unit("LoadState=not-found\nActiveState=inactive\nUnitFileState=\nJob=\nMainPID=0\n");
  EXPECT_EQ(unit.load, "not-found");
  EXPECT_TRUE(unit.down());
  EXPECT_FALSE(unit.job);
  EXPECT_EQ(unit.main, 0);
}

}  // namespace
}  // namespace tasuki::systemd
