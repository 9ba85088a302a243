#include "kit/log.hpp"

#include <unistd.h>

namespace tasuki::log {
namespace {

std::function<void(Level, std::string_view)>& extra_sink() {
  static std::function<void(Level, std::string_view)> sink;
  return sink;
}

}  // namespace

void write(Level level, std::string_view line) {
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const std::string text =
      terminal ? fmt::format("{}\n", line) : fmt::format("<{}>{}\n", static_cast<int>(level), line);
  // One write per line keeps lines of several processes whole; a log that cannot be written must
  // not stop the program, so the result is not looked at.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  if (extra_sink()) extra_sink()(level, line);
}

void also_to(std::function<void(Level, std::string_view)> sink) {
  extra_sink() = std::move(sink);
}

}  // namespace tasuki::log
