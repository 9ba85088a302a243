#include "cluster/cli/reference.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/contract.hpp"
#include "cluster/cli/names.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

Argument describe_option(const CLI::Option& option) {
  Argument argument;
  argument.positional = option.get_positional();
  argument.required = option.get_required();
  argument.meaning = option.get_description();
  argument.repeated = option.get_expected_max() > 1;
  if (argument.positional) {
    argument.name = option.get_name(true);
    return argument;
  }
  argument.name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) argument.letter = "-" + option.get_snames().front();
  // CLI11 calls an option whose value may be left out a flag with a default.
  const bool is_flag = option.get_expected_max() == 0 || option.get_type_size_max() == 0;
  argument.value_optional = is_flag && !option.get_fnames().empty();
  // What follows the colon tells of a validator.
  const std::string type = option.get_type_name();
  if (!is_flag || argument.value_optional) argument.value = type.substr(0, type.find(':'));
  return argument;
}

Command describe_below(const CLI::App& app, const std::string& parent) {
  Command command;
  command.path = parent.empty() ? app.get_name() : parent + " " + app.get_name();
  const std::string description = app.get_description();
  const size_t end = std::min(description.find('\n'), description.size());
  command.summary = description.substr(0, end);
  command.details = trim(description.substr(end));
  for (const auto line : split(app.get_footer(), '\n'))
    if (!trim(line).empty()) command.examples.emplace_back(trim(line));
  for (const bool positional : {true, false})
    for (const CLI::Option* const option : app.get_options(nullptr))
      if (option->get_positional() == positional)
        command.arguments.push_back(describe_option(*option));
  for (const CLI::App* const below : app.get_subcommands(nullptr))
    if (!below->get_group().empty())
      command.commands.push_back(describe_below(*below, command.path));
  return command;
}

}  // namespace

std::string Command::name() const {
  return path.substr(path.rfind(' ') + 1);
}

Command describe(const CLI::App& app) {
  std::string parent;
  for (const CLI::App* above = app.get_parent(); above; above = above->get_parent())
    parent = parent.empty() ? above->get_name() : fmt::format("{} {}", above->get_name(), parent);
  return describe_below(app, parent);
}

Result<const Command*> find_command(const Command& root, std::span<const std::string> words) {
  const Command* command = &root;
  for (const auto& word : words) {
    const auto found = std::ranges::find(command->commands, word, &Command::name);
    if (found == command->commands.end()) {
      std::vector<std::string> known;
      for (const auto& below : command->commands) known.push_back(below.name());
      return failure(fmt::format("there is no command \"{}\"{}", word, did_you_mean(word, known)));
    }
    command = &*found;
  }
  return command;
}

std::string written_form(const Argument& argument) {
  if (argument.positional) return argument.name;
  std::string form = argument.letter.empty() ? "" : argument.letter + ", ";
  form += argument.name;
  if (argument.value_optional) return form + "[=" + argument.value + "]";
  return argument.value.empty() ? form : form + " " + argument.value;
}

std::string usage(const Command& command) {
  std::string text = command.path;
  for (Argument argument : command.arguments) {
    if (argument.name == "--help") continue;
    argument.letter.clear();
    const std::string form = written_form(argument) + (argument.repeated ? "..." : "");
    text += argument.required ? " " + form : " [" + form + "]";
  }
  return command.commands.empty() ? text : text + " COMMAND";
}

std::vector<ExitMeaning> exit_meanings() {
  const auto meaning = [](api::Exit exit, std::string text) {
    return ExitMeaning{static_cast<int>(exit), std::move(text)};
  };
  return {
      meaning(api::Exit::ok, "Done; for status: all is well."),
      meaning(api::Exit::failed,
              "It failed, or something was found: a mistake in the "
              "configuration, a cluster that needs attention."),
      meaning(api::Exit::usage, "The command line is wrong."),
      meaning(api::Exit::unreachable, "tasukid does not answer on this server."),
      meaning(api::Exit::refused,
              "Refused: not allowed, not possible now, or this side has no "
              "right to decide."),
      meaning(api::Exit::unknown, "There is no such group, node or version."),
      meaning(api::Exit::time_ran_out,
              "It was not done when the time to wait ran out; it goes on."),
      meaning(api::Exit::incomplete,
              "A configuration was made that is refused until it is filled in."),
  };
}

}  // namespace tasuki::cli
