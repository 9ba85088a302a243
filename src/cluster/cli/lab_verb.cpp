#include <CLI/CLI.hpp>

#include "cluster/cli/verbs.hpp"
#include "cluster/lab/commands.hpp"

namespace tasuki::cli {

void add_lab_verb(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "lab",
      "Bring up a whole cluster on this machine, to rehearse on it\n"
      "\"tasuki lab --help\" lists its own commands. Ends with what those end with.");
  verb.footer("tasuki lab up cluster.toml");
  verb.prefix_command();
  verb.fallthrough(false);
  verb.set_help_flag();
  verb.callback([&context, &verb] {
    context.exit = static_cast<api::Exit>(lab::lab_command(verb.remaining()));
  });
}

}  // namespace tasuki::cli
