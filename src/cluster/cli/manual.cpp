#include "cluster/cli/manual.hpp"

#include <fmt/format.h>

#include "cluster/cli/screen.hpp"

namespace tasuki::cli {
namespace {

constexpr std::string_view kFiles[][2] = {
    {"/run/tasuki/control.sock", "the socket at which tasukid answers; its group may read"},
    {"/etc/tasuki/cluster.toml", "the first configuration of a node"},
    {"/etc/tasuki/authkey", "the key with which the nodes encrypt what they say to each other"},
    {"/var/lib/tasuki-lab/NAME",
     "a lab of the cluster NAME: lab.log, its own log; cluster.toml, what it was last brought up "
     "with; disks; and for each node in nodes its logs, state and /etc/tasuki"},
};
constexpr std::string_view kEnvironment[][2] = {
    {"NO_COLOR", "when set and not empty, the output has no colours"},
};

// Every command of the tree that does something, with its parents before it.
void collect(const Command& command, std::vector<const Command*>& all) {
  all.push_back(&command);
  for (const auto& below : command.commands) collect(below, all);
}

// Text for troff: no request at a line's start, no escapes, and hyphens that can be copied.
std::string roff(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const bool starts_line = safe.empty() || safe.back() == '\n';
    if (starts_line && (c == '.' || c == '\'')) safe += "\\&";
    if (c == '\\')
      safe += "\\e";
    else if (c == '-')
      safe += "\\-";
    else
      safe += c;
  }
  return safe;
}

std::string manual_section(const Command& command) {
  std::string text = fmt::format(".SS {}\n{}\n", roff(usage(command)), roff(command.summary));
  if (!command.details.empty()) text += fmt::format(".PP\n{}\n", roff(command.details));
  for (const auto& argument : command.arguments)
    if (argument.name != "--help")
      text += fmt::format(".TP\n.B {}\n{}\n", roff(written_form(argument)), roff(argument.meaning));
  if (command.examples.empty()) return text;
  text += ".PP\n.RS\n.nf\n";
  for (const auto& example : command.examples) text += roff(example) + "\n";
  return text + ".fi\n.RE\n";
}

std::string markdown_section(const Command& command) {
  std::string text = fmt::format("### `{}`\n\n{}\n", usage(command), command.summary);
  if (!command.details.empty()) text += fmt::format("\n{}\n", command.details);
  if (command.arguments.size() > 1) text += "\n";
  for (const auto& argument : command.arguments)
    if (argument.name != "--help")
      text += fmt::format("- `{}`: {}\n", written_form(argument), argument.meaning);
  if (!command.examples.empty()) {
    text += "\n```sh\n";
    for (const auto& example : command.examples) text += example + "\n";
    text += "```\n";
  }
  return text + "\n";
}

// Commands that only hold others are named by those.
template <class Section>
std::string command_sections(const Command& root, Section section) {
  std::vector<const Command*> all;
  collect(root, all);
  std::string text;
  for (const Command* const command : all)
    if (command->commands.empty()) text += section(*command);
  return text;
}

std::string help_lines(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& [form, meaning] : lines) rows.push_back({{form}, {meaning}});
  const std::string table = print_table(Screen{}, {"", ""}, rows);
  return table.substr(table.find('\n') + 1);  // without the heading
}

}  // namespace

std::string print_help(const Command& command) {
  const Screen screen;
  std::string text = hang(screen, "Usage: ", usage(command)) + "\n";
  text += hang(screen, "", command.summary);
  if (!command.details.empty()) text += "\n" + hang(screen, "", command.details);
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& below : command.commands) lines.emplace_back(below.name(), below.summary);
  if (!lines.empty()) text += "\nCommands:\n" + help_lines(lines);
  lines.clear();
  for (const auto& argument : command.arguments)
    lines.emplace_back(written_form(argument), argument.meaning);
  if (!lines.empty()) text += "\nOptions:\n" + help_lines(lines);
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const auto& example : command.examples) text += "  " + example + "\n";
  return text;
}

std::string print_manual_page(const Command& root) {
  std::string text = fmt::format(
      ".\\\" Made by \"tasuki manual page\"; a test compares.\n.TH TASUKI 1 \"\" Tasuki\n"
      ".SH NAME\ntasuki \\- {}\n.SH SYNOPSIS\n.B {}\n.SH DESCRIPTION\n{}\n.SH OPTIONS\n",
      roff(root.summary), roff(usage(root)), roff(root.details));
  for (const auto& argument : root.arguments)
    text += fmt::format(".TP\n.B {}\n{}\n", roff(written_form(argument)), roff(argument.meaning));
  text += ".SH COMMANDS\n" + command_sections(root, manual_section) + ".SH EXIT STATUS\n";
  for (const auto& exit : exit_meanings())
    text += fmt::format(".TP\n.B {}\n{}\n", exit.code, roff(exit.meaning));
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : kEnvironment)
    text += fmt::format(".TP\n.B {}\n{}\n", roff(name), roff(meaning));
  text += ".SH FILES\n";
  for (const auto& [path, meaning] : kFiles)
    text += fmt::format(".TP\n.I {}\n{}\n", roff(path), roff(meaning));
  return text +
         ".SH SEE ALSO\n.BR tasuki\\-cluster.toml (5),\n.BR tasukid (8),\n"
         ".BR tasuki\\-keeper (8)\n";
}

std::string print_markdown(const Command& root) {
  std::string text = fmt::format(
      "# The command `tasuki`\n\n<!-- Made by \"tasuki manual markdown\"; a test compares. -->\n\n"
      "{}. {}\n\nEvery command takes:\n\n",
      root.summary, root.details);
  for (const auto& argument : root.arguments)
    text += fmt::format("- `{}`: {}\n", written_form(argument), argument.meaning);
  text += "\n## Commands\n\n" + command_sections(root, markdown_section);
  text += "## Exit codes\n\n";
  for (const auto& exit : exit_meanings())
    text += fmt::format("- `{}`: {}\n", exit.code, exit.meaning);
  text += "\n## Environment\n\n";
  for (const auto& [name, meaning] : kEnvironment)
    text += fmt::format("- `{}`: {}\n", name, meaning);
  text += "\n## Files\n\n";
  for (const auto& [path, meaning] : kFiles) text += fmt::format("- `{}`: {}\n", path, meaning);
  return text;
}

}  // namespace tasuki::cli
