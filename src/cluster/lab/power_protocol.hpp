// What is said on the sockets that a node finds in /run/tasuki-lab: the power controller's, one for
// the whole lab, and the simulated watchdog's, one for each node. A line each way.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "kit/result.hpp"

namespace tasuki::lab {

// "off NODE" -> "ok off" only when the node's processes and mounts are gone; "on NODE" -> "ok on";
// "status NODE" -> "ok on" or "ok off"; "list" -> "ok NODE NODE ..."; else "error TEXT".
enum class PowerAction { off, on, status, list };
struct PowerRequest {
  PowerAction action = PowerAction::status;
  std::string node;  // empty for list
  friend bool operator==(const PowerRequest&, const PowerRequest&) = default;
};
Result<PowerRequest> parse_power_request(std::string_view line);

// "pet MILLISECONDS": end the node when so much time passes without another pet.
struct Pet {
  std::chrono::milliseconds timeout;
  friend bool operator==(const Pet&, const Pet&) = default;
};
// "disarm": nothing is due any more.
struct Disarm {
  friend bool operator==(const Disarm&, const Disarm&) = default;
};
// "reset REASON": end the node now.
struct ResetNow {
  std::string reason;
  friend bool operator==(const ResetNow&, const ResetNow&) = default;
};
using WatchdogRequest = std::variant<Pet, Disarm, ResetNow>;
// No replies.
Result<WatchdogRequest> parse_watchdog_request(std::string_view line);

}  // namespace tasuki::lab
