#include "cluster/runner/terminals.hpp"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utmpx.h>

#include <fmt/format.h>

#include "cluster/runner/clock.hpp"
#include "kit/fd.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {

std::string terminal_text(const std::string& subject, const std::string& text) {
  return fmt::format("\r\n\a{} from Tasuki, {}:\r\n{}\r\n", time_of_day(), printable(subject),
                     printable(text));
}

// Called by one thread at a time: utmp's functions keep their place in the process.
std::vector<std::string> logged_in_terminals() {
  std::vector<std::string> devices;
  ::setutxent();
  while (const utmpx* entry = ::getutxent()) {
    if (entry->ut_type != USER_PROCESS) continue;
    const std::string line(entry->ut_line, ::strnlen(entry->ut_line, sizeof entry->ut_line));
    // A session of a graphical desktop has its display's name here (":0").
    if (!line.empty() && !line.starts_with(':') && line.find("..") == std::string::npos)
      devices.push_back("/dev/" + line);
  }
  ::endutxent();
  return devices;
}

void write_to_terminals(const std::vector<std::string>& devices, const std::string& text) {
  for (const std::string& device : devices) {
    const Fd terminal(::open(device.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!terminal || ::isatty(terminal.get()) == 0) continue;
    [[maybe_unused]] const auto written = ::write(terminal.get(), text.data(), text.size());
  }
}

}  // namespace tasuki::runner
