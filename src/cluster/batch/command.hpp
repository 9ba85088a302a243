// A command's text taken apart: which word is its name, and what belongs to the arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tasuki::batch {

struct CommandText {
  std::string name;       // as written, without quotes
  std::string arguments;  // as written, with what separates them from the name
};

// "echo.x", "cd..", "set/a n=1" and "ipconfig/all" have their arguments right behind the name, as
// in cmd.exe. A name that begins with a slash is a Linux path.
CommandText take_apart(std::string_view text);

// The commands that cmd.exe itself carries out, in lower case.
std::span<const std::string_view> internal_commands();
bool is_internal(std::string_view name);

// Internal commands about a window that nobody sees here.
bool is_about_the_window(std::string_view name);

// ".bat" or ".cmd", whatever the case.
bool is_batch_file(std::string_view name);

}  // namespace tasuki::batch
