#include "cluster/cli/command.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/manual.hpp"
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
  add_group_verbs(root, context);
  add_node_verbs(root, context);
  add_lock_verbs(root, context);
  add_history_verbs(root, context);
  add_config_verbs(root, context);
  add_key_verbs(root, context);
  add_lab_verb(root, context);
  add_self_verbs(root, context);
}

// The innermost command that the command line names.
const CLI::App& named_command(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : named_command(*below.front());
}

// `did you mean "status"?` when the first word that is no command is near to one.
std::string suggest(const Command& command, const std::vector<std::string>& arguments) {
  std::vector<std::string> known;
  for (const auto& below : command.commands) known.push_back(below.name());
  for (const auto& argument : command.arguments)
    if (!argument.positional) known.push_back(argument.name);
  for (const auto& word : arguments)
    if (const auto near = nearest_word(word, known); near && *near != word)
      return fmt::format("; did you mean \"{}\"?", *near);
  return "";
}

void explain_usage(const CLI::App& root, const CLI::ParseError& problem,
                   const std::vector<std::string>& arguments, Context& context) {
  const Command command = describe(named_command(root));
  context.fail(api::Exit::usage,
               fmt::format("{}{}\nUsage: {}\nMore: {} --help", problem.what(),
                           suggest(command, arguments), usage(command), command.path));
}

}  // namespace

api::Exit run_command(const std::vector<std::string>& arguments, Terminal& terminal) {
  Context context{terminal};
  CLI::App root;
  build_tree(root, context);
  try {
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    terminal.print(root.help());
  } catch (const CLI::ParseError& problem) {
    explain_usage(root, problem, arguments, context);
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
