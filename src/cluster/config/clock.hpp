// Times of day as the file writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tasuki::config {

// "23:30" as minutes since midnight.
std::optional<int> parse_clock(std::string_view text);
std::string format_clock(int minute);

}  // namespace tasuki::config
