// What systemd says of a unit and how it is told to do something, by systemctl(1). Its properties
// are a stable interface (org.freedesktop.systemd1(5)), and a program that hangs can be ended.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::systemd {

struct Unit {
  std::string load;     // "loaded", "not-found", "masked"...
  std::string active;   // "active", "inactive", "failed", "activating"...
  std::string file;     // "enabled", "disabled", "static"...
  std::string type;     // "simple", "oneshot"...
  std::string slice;    // the unit it lies in
  std::string cgroup;   // "/tasuki.slice/..."; empty while it has no processes
  std::string restart;  // "no", "always"...
  std::string result;   // "success", "exit-code", "signal"...
  pid_t main = 0;       // 0 for none
  int end = 0;          // of the main process: one of waitid(2)'s CLD_*, 0 when it did not end
  int status = 0;       // its exit code or signal
  bool reload_needed = false;
  bool job = false;  // systemd is about to do something with it

  [[nodiscard]] bool up() const { return active == "active" || active == "reloading"; }
  [[nodiscard]] bool down() const { return active == "inactive" || active == "failed"; }
};

// The unit of what `systemctl show` prints.
Unit parse_unit(std::string_view text);

// Whether systemd is this machine's service manager (sd_booted(3)).
bool is_running();

Result<Unit> show(const std::string& unit);

// A systemctl under way. What it has to say goes to standard error.
struct Command {
  pid_t pid = 0;
  Fd pidfd;  // readable when it has ended
};
Result<Command> begin(const std::vector<std::string>& words);
// Waits for its end; an error when it failed.
Result<void> finish(const Command& command);
Result<void> run(const std::vector<std::string>& words);

}  // namespace tasuki::systemd
