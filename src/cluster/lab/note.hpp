// Lines of the lab's own log: the time of day and a sentence, on standard error, which the
// supervisor and the guardian point at DIR/lab.log.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace tasuki::lab {

void write_note(std::string_view line);

template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  write_note(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tasuki::lab
