#include "cluster/cli/command.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/manual.hpp"
#include "cluster/cli/names.hpp"
#include "cluster/cli/reference.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    return print_help(describe(*app));
  }
};

void build_tree(CLI::App& root, Context& context) {
  root.name("tasuki");
  root.description(
      "Ask and command a Tasuki failover cluster\n"
      "Works on the server it is called on, through the tasukid that runs there; any node that may "
      "decide takes any command. Every member of the control socket's group may look, only root "
      "may change something.");
  root.formatter(std::make_shared<HelpFormatter>());
  root.set_help_flag("-h,--help", "show this help");
  root.fallthrough();
  root.require_subcommand(1);
  root.add_option("--socket", context.socket_path,
                  fmt::format("where tasukid answers, by default {}", kControlSocket))
      ->type_name("PATH");
  add_status_verb(root, context);
  add_explain_verb(root, context);
  add_group_verbs(root, context);
  add_node_verbs(root, context);
  add_lock_verbs(root, context);
  add_shell_verb(root, context);
  add_backup_verbs(root, context);
  add_history_verbs(root, context);
  add_config_verbs(root, context);
  add_registry_verbs(root, context);
  add_files_verbs(root, context);
  add_import_verbs(root, context);
  add_key_verbs(root, context);
  add_witness_verbs(root, context);
  add_script_verbs(root, context);
  add_simulate_verb(root, context);
  add_lab_verb(root, context);
  add_self_verbs(root, context);
}

// CLI11 takes a word "[a, b]" apart as a list. Behind "--" stand the words of another command, as
// those of test(1): they are marked, and what takes them sees them as they were.
constexpr char kAsItIs = '\x01';

std::vector<std::string> mark_brackets(std::vector<std::string> arguments) {
  for (auto word = std::ranges::find(arguments, "--"); word != arguments.end(); ++word)
    if (word->starts_with('[')) word->insert(word->begin(), kAsItIs);
  return arguments;
}

void unmark_brackets(CLI::App& app) {
  const auto unmark = [](std::string word) {
    if (word.starts_with(kAsItIs)) word.erase(word.begin());
    return word;
  };
  for (CLI::Option* const option : app.get_options())
    if (option->get_positional()) option->transform(unmark);
  for (CLI::App* const below : app.get_subcommands(nullptr)) unmark_brackets(*below);
}

// The innermost command that the command line names.
const CLI::App& named_command(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : named_command(*below.front());
}

// The words that nothing took, in their order (CLI11 2.1 tells them backwards).
std::vector<std::string> find_extras(const CLI::App& root) {
  auto extras = root.remaining(true);
  std::erase(extras, "--");
  return extras;
}

std::string explain_extras(const Command& command, const std::vector<std::string>& extras) {
  const std::string& first = extras.front();
  const bool is_option = first.starts_with('-');
  if (!command.commands.empty() && !is_option)
    if (const auto found = find_command(command, std::span(&first, 1)); !found)
      return found.error().what;
  std::vector<std::string> known;
  for (const auto& argument : command.arguments)
    if (!argument.positional) known.push_back(argument.name);
  return fmt::format("not expected: {}{}", join(extras, " "),
                     is_option ? did_you_mean(first.substr(0, first.find('=')), known) : "");
}

std::string explain_problem(const Command& command, const std::vector<std::string>& extras,
                            const CLI::ParseError& problem) {
  if (!extras.empty()) return explain_extras(command, extras);
  const bool is_required =
      problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  return is_required && !command.commands.empty() ? "a command is missing" : problem.what();
}

void explain_usage(const CLI::App& root, const CLI::ParseError& problem, Context& context) {
  const Command command = describe(named_command(root));
  context.fail(api::Exit::usage, fmt::format("{}\nUsage: {}\nMore: {} --help",
                                             explain_problem(command, find_extras(root), problem),
                                             usage(command), command.path));
}

}  // namespace

api::Exit run_command(const std::vector<std::string>& arguments, Terminal& terminal) {
  Context context{terminal};
  CLI::App root;
  build_tree(root, context);
  unmark_brackets(root);
  try {
    const auto words = mark_brackets(arguments);
    root.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    terminal.print(root.help());
  } catch (const CLI::CallForVersion& version) {
    terminal.print(fmt::format("{}\n", version.what()));
  } catch (const CLI::ParseError& problem) {
    explain_usage(root, problem, context);
  } catch (const Json::exception& problem) {
    context.fail(
        api::Exit::failed,
        fmt::format("tasukid answered what this version of tasuki does not understand ({}); "
                    "are both of one version?",
                    problem.what()));
  }
  return context.exit;
}

}  // namespace tasuki::cli
