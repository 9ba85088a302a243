#include "cluster/cli/time_text.hpp"

#include <cstdio>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace tasuki::cli {
namespace {

using namespace std::chrono;

std::optional<std::tm> local_parts(const std::string& iso) {
  const auto time = parse_time(iso);
  if (!time) return std::nullopt;
  const time_t seconds_since_1970 = system_clock::to_time_t(floor<seconds>(*time));
  std::tm parts{};
  localtime_r(&seconds_since_1970, &parts);
  return parts;
}

}  // namespace

std::optional<Time> parse_time(const std::string& text) {
  int y = 0;
  unsigned month_number = 0, d = 0, h = 0, m = 0, s = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u%n", &y, &month_number, &d, &h, &m, &s,
                  &used) != 6)
    return std::nullopt;
  const year_month_day date{year(y), month(month_number), day(d)};
  if (!date.ok() || h > 23 || m > 59 || s > 60) return std::nullopt;
  unsigned fraction = 0;
  std::string rest = text.substr(static_cast<size_t>(used));
  int fraction_end = 0;
  if (std::sscanf(rest.c_str(), ".%3u%n", &fraction, &fraction_end) == 1 && fraction_end == 4)
    rest.erase(0, 4);
  if (rest != "Z") return std::nullopt;
  return sys_days(date) + hours(h) + minutes(m) + seconds(s) + milliseconds(fraction);
}

std::string local_time(const std::string& iso) {
  const auto parts = local_parts(iso);
  return parts ? fmt::format("{:%Y-%m-%d %H:%M:%S}", *parts) : iso;
}

std::string local_clock(const std::string& iso) {
  const auto parts = local_parts(iso);
  return parts ? fmt::format("{:%H:%M:%S}", *parts) : iso;
}

std::string age(const std::string& since_iso, const std::string& now_iso) {
  const auto since = parse_time(since_iso);
  const auto now = parse_time(now_iso);
  if (!since || !now) return "";
  const auto passed = std::max(*now - *since, milliseconds(0));
  if (passed < 1min) return fmt::format("{} s", floor<seconds>(passed).count());
  if (passed < 1h) return fmt::format("{} min", floor<minutes>(passed).count());
  if (passed < 48h) return fmt::format("{} h", floor<hours>(passed).count());
  return fmt::format("{} days", floor<days>(passed).count());
}

}  // namespace tasuki::cli
