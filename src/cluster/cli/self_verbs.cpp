#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/completion.hpp"
#include "cluster/cli/manual.hpp"
#include "cluster/cli/verbs.hpp"

namespace tasuki::cli {
namespace {

constexpr const char* kVersion = "tasuki " TASUKI_VERSION;
// The group that CLI11 leaves out of help; such commands are for programs, not for people.
constexpr const char* kHidden = "";

void print_completions(const CLI::App& root, Context& context,
                       const std::vector<std::string>& words) {
  const auto completion = complete(
      describe(root), words,
      [&](Names kind, const std::string& typed) { return find_names(context, kind, typed); });
  std::string lines;
  for (const auto& word : completion.words) lines += word + "\n";
  if (completion.files) lines += ":files\n";
  context.terminal.print(lines);
}

void add_completion(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "completion",
      "Print the script that completes commands, groups and nodes in your shell\n"
      "Have the shell read it at its start.");
  verb.footer("source <(tasuki completion bash)\ntasuki completion fish | source");
  const auto shell = std::make_shared<std::string>();
  verb.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember(known_shells()));
  verb.callback([&context, shell] { context.terminal.print(completion_script(*shell)); });

  auto& candidates = *root.add_subcommand("complete", "What can stand in place of the last word");
  candidates.group(kHidden);
  candidates.prefix_command();
  candidates.fallthrough(false);
  candidates.set_help_flag();
  candidates.callback([&root, &context, &candidates] {
    auto words = candidates.remaining();
    if (!words.empty()) words.erase(words.begin());  // the program's own name
    print_completions(root, context, words);
  });
}

void print_help_of(const CLI::App& root, Context& context, const std::vector<std::string>& words) {
  const Command tree = describe(root);
  const auto command = find_command(tree, words);
  if (!command) return context.fail(api::Exit::usage, command.error().what);
  context.terminal.print(print_help(**command));
}

void add_help(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand("help", "Show what a command does, as its --help does");
  verb.footer("tasuki help\ntasuki help group move");
  verb.fallthrough(false);
  const auto words = std::make_shared<std::vector<std::string>>();
  verb.add_option("VERB", *words, "the command");
  verb.callback([&root, &context, words] { print_help_of(root, context, *words); });
}

void add_manual(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand("manual", "The sources of tasuki(1) and docs/cli.md");
  verb.group(kHidden);
  verb.require_subcommand(1);
  verb.add_subcommand("page", "tasuki(1)")->callback([&root, &context] {
    context.terminal.print(print_manual_page(describe(root)));
  });
  verb.add_subcommand("markdown", "docs/cli.md")->callback([&root, &context] {
    context.terminal.print(print_markdown(describe(root)));
  });
}

}  // namespace

void add_self_verbs(CLI::App& root, Context& context) {
  add_help(root, context);
  add_completion(root, context);
  add_manual(root, context);
  auto& version = *root.add_subcommand("version", "Print the version of this program");
  version.callback([&context] { context.terminal.print(fmt::format("{}\n", kVersion)); });
  root.set_version_flag("--version", kVersion, "print the version of this program");
}

}  // namespace tasuki::cli
