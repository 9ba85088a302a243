#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/child.hpp"
#include "cluster/cli/verbs.hpp"

namespace tasuki::cli {
namespace {

struct Options {
  std::string group;
  std::vector<std::string> command;
  bool elsewhere = false;
  bool prompt = false;
};

std::string node_of(const Json& place) {
  return place.at("node").is_null() ? "" : place.at("node").get<std::string>();
}

// Asked for anew before every line, since the group may move while somebody works.
std::string prompt_of(const std::string& group, const std::optional<Json>& place) {
  if (!place) return fmt::format("[{}: where is it?] ", group);
  if (place->at("here")) return fmt::format("[{} on {}] ", group, node_of(*place));
  const std::string node = node_of(*place);
  return fmt::format("[{} is NOT HERE{}] ", group, node.empty() ? "" : ", but on " + node);
}

std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

// What bash reads at its start: first the user's own settings, which must not have the last word
// about the group's.
std::string bash_start(const std::string& group,
                       const std::map<std::string, std::string>& environment) {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string text = "[ -f ~/.bashrc ] && . ~/.bashrc\n";
  for (const auto& [name, value] : environment)
    text += fmt::format("export {}={}\n", name, quoted(value));
  return text + fmt::format("PROMPT_COMMAND={}\nPS1='${{TASUKI_PROMPT}}'\"$PS1\"\n",
                            quoted(fmt::format("TASUKI_PROMPT=$({} shell --prompt {})",
                                               quoted(self), quoted(group))));
}

// The shell of whoever asks; one that is no bash shows PS1 as it is.
std::vector<std::string> shell_command(const std::string& group,
                                       std::map<std::string, std::string>& environment) {
  const char* given = std::getenv("SHELL");
  const std::string shell = given != nullptr && *given != '\0' ? given : "/bin/sh";
  const std::string start = bash_start(group, environment);
  environment["PS1"] = fmt::format("[{}] \\$ ", group);
  // A file in memory, whose descriptor bash inherits.
  const int file = shell.ends_with("/bash") ? ::memfd_create("tasuki-shell", 0) : -1;
  if (file < 0 || ::write(file, start.data(), start.size()) != static_cast<ssize_t>(start.size()))
    return {shell};
  return {shell, "--rcfile", fmt::format("/proc/self/fd/{}", file)};
}

void run_shell(Context& context, const Options& options) {
  const auto target = fmt::format("/v1/groups/{}/environment", api::percent_encode(options.group));
  if (options.prompt) {
    const auto reply = context.client().get(target);
    const bool known = reply && reply->status < 400;
    context.terminal.print(
        prompt_of(options.group, known ? std::optional(reply->body) : std::nullopt));
    return;
  }
  const auto place = context.accept(context.client().get(target));
  if (!place) return;
  if (!place->at("here")) {
    const std::string node = node_of(*place);
    const std::string where = node.empty() ? "does not run now" : fmt::format("runs on {}", node);
    if (!options.elsewhere)
      return context.fail(
          api::Exit::refused,
          fmt::format("group {0} {1}, so nothing of it is on this server: what is done here would "
                      "miss its data. Work there; or say --elsewhere to use its settings anyway",
                      options.group, where));
    context.terminal.complain(fmt::format(
        "group {} {}: its partitions and addresses are NOT on this server", options.group, where));
  }
  ChildCommand child{options.command,
                     place->at("environment").get<std::map<std::string, std::string>>()};
  if (child.command.empty()) child.command = shell_command(options.group, child.environment);
  context.fail(api::Exit::failed, become_child(child).what);
}

}  // namespace

void add_shell_verb(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "shell",
      "Work in a group's place: a shell with the environment of its scripts\n"
      "With a command, runs that instead. The prompt says where the group is, anew at every line. "
      "On "
      "a server where the group is not, it is refused: several groups may have the same programs, "
      "each with its own data, and only the environment tells which one is meant.");
  verb.footer("tasuki shell mail\ntasuki shell mail -- tasuki-maintenance --check");
  const auto options = std::make_shared<Options>();
  verb.add_option("GROUP", options->group, "the group's name")->required();
  verb.add_option("COMMAND", options->command, "a command and its arguments, behind --");
  verb.add_flag("--elsewhere", options->elsewhere, "also where the group does not run");
  verb.add_flag("--prompt", options->prompt, "only print what the prompt begins with");
  verb.callback([&context, options] { run_shell(context, *options); });
}

}  // namespace tasuki::cli
