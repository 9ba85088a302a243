#include "kit/duration.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace tasuki {
namespace {

struct Unit {
  std::string_view name;
  int64_t milliseconds;
};
constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                            Unit{"d", 86'400'000}};
// Ten years: longer ones are mistakes, and sums of a few still fit.
constexpr int64_t kLongestMilliseconds = 10LL * 366 * 86'400'000;

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || number < 0)
    return failure(
        fmt::format("\"{}\" is not a time; write a number and a unit, as \"600ms\", "
                    "\"30s\", \"5m\", \"2h\" or \"1d\"",
                    text));
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  if (name.empty())
    return failure(fmt::format("\"{}\" has no unit; write \"{}ms\" or \"{}s\"", text, text, text));
  for (const auto& unit : kUnits) {
    if (unit.name != name) continue;
    if (number > kLongestMilliseconds / unit.milliseconds)
      return failure(fmt::format("\"{}\" is longer than ten years", text));
    return Milliseconds(number * unit.milliseconds);
  }
  return failure(
      fmt::format("\"{}\" has the unknown unit \"{}\"; use ms, s, m, h or d", text, name));
}

std::string format_duration(Milliseconds duration) {
  const Unit* best = &kUnits.front();
  for (const auto& unit : kUnits)
    if (duration.count() != 0 && duration.count() % unit.milliseconds == 0) best = &unit;
  return fmt::format("{}{}", duration.count() / best->milliseconds, best->name);
}

}  // namespace tasuki
