#include "cluster/config/clock.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::config {

std::optional<int> parse_clock(std::string_view text) {
  constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 5 || text[2] != ':') return {};
  const auto number = [&](size_t at) -> std::optional<int> {
    if (!is_digit(text[at]) || !is_digit(text[at + 1])) return {};
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
  };
  const auto hour = number(0);
  const auto minute = number(3);
  if (!hour || !minute || *hour > 23 || *minute > 59) return {};
  return *hour * 60 + *minute;
}

std::string format_clock(int minute) {
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

}  // namespace tasuki::config
