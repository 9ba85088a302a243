#include "cluster/lab/note.hpp"

#include <ctime>
#include <unistd.h>

namespace tasuki::lab {

void write_note(std::string_view line) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  ::localtime_r(&now.tv_sec, &local);
  const std::string text = fmt::format("{:02}:{:02}:{:02}.{:03} {}\n", local.tm_hour, local.tm_min,
                                       local.tm_sec, now.tv_nsec / 1'000'000, line);
  // A log that cannot be written must not stop the lab.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace tasuki::lab
