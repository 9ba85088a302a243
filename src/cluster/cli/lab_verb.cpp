#include <CLI/CLI.hpp>

#include "cluster/cli/verbs.hpp"
#include "cluster/lab/commands.hpp"

namespace tasuki::cli {

void add_lab_verb(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand(
      "lab",
      "Bring up a whole cluster on this machine, to rehearse on it\n"
      "Every server has namespaces of its own; docs/operating/lab.md tells how to work with them.");
  lab::add_verbs(family, [&context](int status) { context.exit = static_cast<api::Exit>(status); });
  // After its commands are added, which would take it over as theirs.
  family.footer(
      "tasuki lab up cluster.toml\ntasuki lab exec sv1 -- tasuki status\ntasuki lab kill sv1");
}

}  // namespace tasuki::cli
