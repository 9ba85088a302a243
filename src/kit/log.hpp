// The log of a program: lines on standard error with the syslog priority in front, as sd-daemon(3)
// defines it, so that the journal knows their weight. On a terminal the prefix is left out.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tasuki::log {

enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

void write(Level level, std::string_view line);

// Sends every line to `sink` as well; used to keep the node's own log.
void also_to(std::function<void(Level, std::string_view)> sink);

template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::notice, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tasuki::log
