#include "cluster/lab/power_protocol.hpp"

#include <charconv>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

// Longer than any watchdog has; a larger number is a mistake in the program that sends it.
constexpr int64_t kLongestPetMilliseconds = 3'600'000;

struct Words {
  std::string_view first;
  std::string_view rest;
};

Words first_word(std::string_view line) {
  line = trim(line);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return {line, {}};
  return {line.substr(0, space), trim(line.substr(space))};
}

}  // namespace

Result<PowerRequest> parse_power_request(std::string_view line) {
  const auto [verb, node] = first_word(line);
  if (verb == "list" && node.empty()) return PowerRequest{PowerAction::list, {}};
  const auto request = [&](PowerAction action) { return PowerRequest{action, std::string(node)}; };
  if (!node.empty()) {
    if (verb == "off") return request(PowerAction::off);
    if (verb == "on") return request(PowerAction::on);
    if (verb == "status") return request(PowerAction::status);
  }
  return failure(
      fmt::format("\"{}\" is not understood; say off, on or status with a node, or list", line));
}

Result<WatchdogRequest> parse_watchdog_request(std::string_view line) {
  const auto [verb, rest] = first_word(line);
  if (verb == "disarm" && rest.empty()) return Disarm{};
  if (verb == "reset") return ResetNow{std::string(rest)};
  if (verb == "pet") {
    int64_t count = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (problem == std::errc() && end == rest.data() + rest.size() && count > 0 &&
        count <= kLongestPetMilliseconds)
      return Pet{std::chrono::milliseconds(count)};
  }
  return failure(
      fmt::format("\"{}\" is not understood; say pet MILLISECONDS, disarm or reset REASON", line));
}

}  // namespace tasuki::lab
