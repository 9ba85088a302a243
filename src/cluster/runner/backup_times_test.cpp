#include "cluster/runner/backup_times.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace tasuki::runner {
namespace {

// "2026-10-05 03:00", a Monday.
std::time_t at(const char* text) {
  std::tm time{};
  EXPECT_NE(::strptime(text, "%Y-%m-%d %H:%M", &time), nullptr);
  time.tm_isdst = -1;
  return std::mktime(&time);
}
std::string text_of(std::time_t time) {
  char text[32] = {};
  std::tm local{};
  ::localtime_r(&time, &local);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}
core::Backup backup(int hour, std::set<int> days = {0, 1, 2, 3, 4, 5, 6}) {
  core::Backup backup;
  backup.minute = hour * 60;
  backup.days = std::move(days);
  return backup;
}
std::string next(const core::Backup& backup, const char* now) {
  const auto time = next_backup_time(backup, at(now));
  return time ? text_of(*time) : "never";
}

struct BackupTimes : testing::Test {
  BackupTimes() { zone("UTC"); }
  ~BackupTimes() override { zone("UTC"); }
  static void zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
};

TEST_F(BackupTimes, come_today_tomorrow_or_on_their_day) {
  EXPECT_EQ(next(backup(3), "2026-10-05 02:59"), "2026-10-05 03:00");
  EXPECT_EQ(next(backup(3), "2026-10-05 03:00"), "2026-10-06 03:00");
  EXPECT_EQ(next(backup(3, {0}), "2026-10-05 12:00"), "2026-10-11 03:00");
  EXPECT_EQ(next(backup(3, {1}), "2026-10-05 12:00"), "2026-10-12 03:00");
  EXPECT_EQ(next(backup(3, {}), "2026-10-05 12:00"), "never");
}

TEST_F(BackupTimes, that_summer_time_skips_come_behind_it_and_once) {
  zone("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(next(backup(2), "2026-03-29 01:59"), "2026-03-29 03:00");
  EXPECT_EQ(next(backup(2), "2026-03-29 03:00"), "2026-03-30 02:00");
}

}  // namespace
}  // namespace tasuki::runner
