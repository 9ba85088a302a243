// arm: the ARM commands and net, each under its own name (docs/arm-commands.md).
#include <filesystem>

#include "cluster/arm/commands.hpp"

int main(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  std::string name =
      words.empty() ? "arm" : std::filesystem::path(words.front()).filename().string();
  std::vector<std::string> arguments(words.begin() + (words.empty() ? 0 : 1), words.end());
  // Called by its own name, the first word is the command: "arm armlog text".
  if (name == "arm" && !arguments.empty()) {
    name = arguments.front();
    arguments.erase(arguments.begin());
  }
  return tasuki::arm::run_command_line(name, arguments, tasuki::arm::process_surroundings());
}
