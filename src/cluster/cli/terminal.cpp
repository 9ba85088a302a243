#include "cluster/cli/terminal.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tasuki::cli {
namespace {

// Not empty; an empty variable counts as not set.
const char* find_variable(const char* name) {
  const char* const value = std::getenv(name);
  return value && *value ? value : nullptr;
}

bool locale_is_utf8() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const char* const value = find_variable(name))
      return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
  return false;
}

}  // namespace

Screen ProcessTerminal::screen() const {
  Screen screen;
  screen.unicode = locale_is_utf8();
  if (!isatty(STDOUT_FILENO)) return screen;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) screen.width = size.ws_col;
  screen.colour = !find_variable("NO_COLOR");
  return screen;
}

void ProcessTerminal::print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void ProcessTerminal::complain(std::string_view sentence) {
  std::fprintf(stderr, "tasuki: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

bool ProcessTerminal::interactive() const {
  return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

std::optional<std::string> ProcessTerminal::ask(const std::string& question) {
  std::fprintf(stderr, "%s ", question.c_str());
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace tasuki::cli
