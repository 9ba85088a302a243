#include "kit/duration.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "kit/text.hpp"

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

const Unit* find_unit(std::string_view name) {
  const auto* const found = std::ranges::find(kUnits, name, &Unit::name);
  return found == kUnits.end() ? nullptr : found;
}

// What a text that is no time most likely means: a sum ("1m30s"), a fraction ("1.5s"), or one with
// blanks or capitals. Only for proposals; a guess is good enough for no more.
std::optional<Milliseconds> guess(std::string_view text) {
  std::string plain;
  for (const char c : text)
    if (c != ' ') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view rest = plain;
  double total = 0;
  do {
    double number = 0;
    const auto [end, problem] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (problem != std::errc{} || number < 0) return {};
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const Unit* unit = find_unit(rest.substr(0, rest.find_first_of(".0123456789")));
    if (unit == nullptr) return {};
    rest.remove_prefix(unit->name.size());
    total += number * static_cast<double>(unit->milliseconds);
  } while (!rest.empty());
  constexpr double kTolerance = 1e-6;  // most fractions have no exact binary form
  constexpr auto kLongest = static_cast<double>(kLongestMilliseconds);
  const double whole = std::round(total);
  // Written so that it holds for no infinity, nor for what is not a number.
  const bool fits = whole >= 0 && whole <= kLongest && std::abs(total - whole) < kTolerance;
  if (!fits) return {};
  return Milliseconds(static_cast<int64_t>(whole));
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool has_number = problem == std::errc{} && number >= 0;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  if (has_number && name.empty())
    return failure(fmt::format("\"{}\" has no unit; write \"{}ms\" or \"{}s\"", text, text, text));
  if (const Unit* unit = find_unit(name); has_number && unit != nullptr) {
    if (number > kLongestMilliseconds / unit->milliseconds)
      return failure(fmt::format("\"{}\" is longer than ten years", text));
    return Milliseconds(number * unit->milliseconds);
  }
  if (const auto meant = guess(text))
    return failure(
        fmt::format("\"{}\" is not a time; write \"{}\"", text, format_duration(*meant)));
  if (has_number)
    return failure(
        fmt::format("\"{}\" has the unknown unit \"{}\"; use ms, s, m, h or d", text, trim(name)));
  return failure(
      fmt::format("\"{}\" is not a time; write a number and a unit, as \"600ms\", "
                  "\"30s\", \"5m\", \"2h\" or \"1d\"",
                  text));
}

std::string format_duration(Milliseconds duration) {
  const Unit* best = &kUnits.front();
  for (const auto& unit : kUnits)
    if (duration.count() != 0 && duration.count() % unit.milliseconds == 0) best = &unit;
  return fmt::format("{}{}", duration.count() / best->milliseconds, best->name);
}

}  // namespace tasuki
