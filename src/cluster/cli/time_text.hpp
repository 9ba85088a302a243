// The API's times as people read them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tasuki::cli {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// "2026-10-05T14:03:22.250Z"; the fraction may be absent. nullopt for anything else.
std::optional<Time> parse_time(const std::string& text);

// "2026-10-05 14:03:22" in the user's time zone; the text itself when it is no time.
std::string local_time(const std::string& iso);
// "14:03:22"
std::string local_clock(const std::string& iso);

// "12 s", "3 min", "5 h" or "3 days" from one to the other; empty when either is no time.
std::string age(const std::string& since_iso, const std::string& now_iso);

}  // namespace tasuki::cli
