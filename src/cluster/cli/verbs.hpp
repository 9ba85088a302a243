// The verbs of `tasuki`, one file for each family. Each adds its commands to the tree; CLI11 calls
// the one that was given once the whole command line has proved right.
#pragma once

#include "cluster/cli/context.hpp"

namespace CLI {
class App;
}

namespace tasuki::cli {

void add_status_verb(CLI::App& root, Context& context);
void add_explain_verb(CLI::App& root, Context& context);
void add_group_verbs(CLI::App& root, Context& context);
void add_node_verbs(CLI::App& root, Context& context);
void add_lock_verbs(CLI::App& root, Context& context);
void add_shell_verb(CLI::App& root, Context& context);
void add_backup_verbs(CLI::App& root, Context& context);
void add_history_verbs(CLI::App& root, Context& context);
void add_config_verbs(CLI::App& root, Context& context);
void add_import_verbs(CLI::App& root, Context& context);
void add_witness_verbs(CLI::App& root, Context& context);
void add_registry_verbs(CLI::App& root, Context& context);
void add_files_verbs(CLI::App& root, Context& context);
void add_key_verbs(CLI::App& root, Context& context);
void add_script_verbs(CLI::App& root, Context& context);
void add_simulate_verb(CLI::App& root, Context& context);
void add_lab_verb(CLI::App& root, Context& context);
// completion, manual and version: what the program says about itself
void add_self_verbs(CLI::App& root, Context& context);

}  // namespace tasuki::cli
