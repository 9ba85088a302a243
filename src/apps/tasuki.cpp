// tasuki(1): the command with which people ask and command the cluster.
#include "cluster/cli/command.hpp"
#include "cluster/cli/terminal.hpp"

int main(int argc, char** argv) {
  tasuki::cli::ProcessTerminal terminal;
  return static_cast<int>(tasuki::cli::run_command({argv + 1, argv + argc}, terminal));
}
