// The command lines of the ARM commands and of net, as values (docs/arm-commands.md). Names and
// options mean the same in any case. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::arm {

enum class OnEnd { nothing, fail_over, restart };

struct Load {
  std::string id;
  std::string service;               // empty: a program
  std::vector<std::string> command;  // of a program
  std::string user;                  // empty: whoever calls
  bool wait_for_end = false;         // /W
  bool take_running = false;         // /A
  OnEnd on_end = OnEnd::nothing;
  int restarts = 0;
  int reset_after_h = 0;  // 0: never
  bool through_scripts = false;
  int wait_s = 0;
  int interval_s = 0;
  friend bool operator==(const Load&, const Load&) = default;
};
struct Kill {
  std::string id;
  friend bool operator==(const Kill&, const Kill&) = default;
};
struct Pause {
  std::string id;
  std::optional<std::chrono::milliseconds> limit;
  friend bool operator==(const Pause&, const Pause&) = default;
};
struct Continue {
  std::string id;
  friend bool operator==(const Continue&, const Continue&) = default;
};
struct GetExitCode {
  std::string id;
  friend bool operator==(const GetExitCode&, const GetExitCode&) = default;
};
struct Broadcast {
  std::string text;
  bool everywhere = false;
  friend bool operator==(const Broadcast&, const Broadcast&) = default;
};
struct Log {
  std::string text;
  friend bool operator==(const Log&, const Log&) = default;
};
struct Sleep {
  std::chrono::seconds time{};
  friend bool operator==(const Sleep&, const Sleep&) = default;
};
struct Delay {
  friend bool operator==(const Delay&, const Delay&) = default;
};
struct NetList {
  friend bool operator==(const NetList&, const NetList&) = default;
};
struct NetStart {
  std::string service;
  friend bool operator==(const NetStart&, const NetStart&) = default;
};
struct NetStop {
  std::string service;
  friend bool operator==(const NetStop&, const NetStop&) = default;
};
using Command = std::variant<Load, Kill, Pause, Continue, GetExitCode, Broadcast, Log, Sleep, Delay,
                             NetList, NetStart, NetStop>;

// The names that the program goes by, in capitals.
const std::vector<std::string>& command_names();

// `name` is the command's, as "ARMLOAD". An error says what is wrong and how it is written.
Result<Command> parse(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace tasuki::arm
