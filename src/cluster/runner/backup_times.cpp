#include "cluster/runner/backup_times.hpp"

namespace tasuki::runner {

std::optional<std::time_t> next_backup_time(const core::Backup& backup, std::time_t now) {
  constexpr int kMinutes = 60;
  constexpr int kDaysOfWeek = 7;
  std::tm today{};
  if (::localtime_r(&now, &today) == nullptr) return std::nullopt;
  // The same day of the next week may be the first: today's time may have passed.
  for (int days = 0; days <= kDaysOfWeek; ++days) {
    std::tm day = today;
    day.tm_mday += days;
    day.tm_hour = backup.minute / kMinutes;
    day.tm_min = backup.minute % kMinutes;
    day.tm_sec = 0;
    day.tm_isdst = -1;
    const std::time_t time = std::mktime(&day);  // finds the day of the week, too
    if (time > now && backup.days.contains(day.tm_wday)) return time;
  }
  return std::nullopt;
}

}  // namespace tasuki::runner
