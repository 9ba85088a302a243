#include <cstdlib>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/batch/words.hpp"
#include "cluster/batchrun/driver.hpp"
#include "cluster/cli/script_files.hpp"
#include "cluster/cli/verbs.hpp"
#include "cluster/config/parse.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  std::string config;
  bool json = false;
};

// What services may be called by; nothing when the configuration cannot be used, which has been
// told.
std::optional<std::vector<std::string>> known_services(Context& context, const std::string& file) {
  const auto text = read_file(file);
  if (!text) {
    context.fail(api::Exit::usage, text.error().what);
    return std::nullopt;
  }
  const auto outcome = config::parse_config(*text, file);
  if (!outcome.config) {
    context.fail(api::Exit::usage, fmt::format("{} has mistakes; see them with tasuki config "
                                               "check {}",
                                               file, file));
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& service : outcome.config->services) {
    names.push_back(service.name.value);
    if (!service.display_name.empty()) names.push_back(service.display_name);
  }
  return names;
}

// Every script that was given, or nothing when one cannot be read, which has been told.
std::optional<batch::Surveyed> survey(Context& context, const CheckOptions& options) {
  batch::Surveyed surveyed;
  bool readable = true;
  for (const std::string& file : options.files) {
    auto script = batchrun::read_script_file(file);
    readable = readable && script;
    if (script)
      surveyed.files.push_back(survey_file(std::move(*script), options.files));
    else
      context.fail(api::Exit::usage, script.error().what);
  }
  if (!readable) return std::nullopt;
  surveyed.programs = programs_in_path();
  if (options.config.empty()) return surveyed;
  surveyed.services = known_services(context, options.config);
  return surveyed.services ? std::optional(std::move(surveyed)) : std::nullopt;
}

void check(Context& context, const CheckOptions& options) {
  const auto surveyed = survey(context, options);
  if (!surveyed) return;
  const auto findings = batch::check_scripts(*surveyed);
  if (!findings.empty()) context.exit = api::Exit::failed;
  if (options.json) {
    Json array = Json::array();
    for (const Diagnostic& finding : findings) array.push_back(to_json(finding));
    return context.print_json(array);
  }
  for (const Diagnostic& finding : findings) context.terminal.print(to_text(finding) + "\n");
  if (findings.empty())
    context.terminal.print(fmt::format("{}: no mistakes.\n", join(options.files, ", ")));
}

struct TraceOptions {
  std::string file;
  std::vector<std::string> variables;  // NAME=VALUE
  std::vector<std::string> arguments;
  bool json = false;
};

// Nothing when one is no NAME=VALUE, which has been told.
std::optional<batch::Environment> read_variables(Context& context,
                                                 const std::vector<std::string>& variables) {
  batch::Environment environment;
  for (const std::string& variable : variables) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      context.fail(api::Exit::usage,
                   fmt::format("--set {} sets nothing; write --set NAME=VALUE", variable));
      return std::nullopt;
    }
    environment.set(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

// An argument with blanks is one word for the script as well.
std::vector<std::string> quoted(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  for (const std::string& argument : arguments) {
    const bool plain = !argument.empty() && batch::split_words(argument).size() == 1 &&
                       argument.find_first_of(" \t") == std::string::npos;
    words.push_back(plain ? argument : fmt::format("\"{}\"", argument));
  }
  return words;
}

void print_trace(Context& context, const TraceOptions& options, const batch::Trace& traced) {
  for (const batch::TracedCommand& command : traced.commands) {
    if (!options.json) {
      context.terminal.print(command.command + "\n");
      continue;
    }
    Json line{{"line", command.line}, {"command", command.command}};
    if (command.file != options.file) line["file"] = command.file;
    context.terminal.print(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
}

void trace(Context& context, const TraceOptions& options) {
  auto environment = read_variables(context, options.variables);
  if (!environment) return;
  auto script = batchrun::read_script_file(options.file);
  if (!script) return context.fail(api::Exit::usage, script.error().what);
  const auto path = std::filesystem::absolute(options.file).lexically_normal();
  TracedSurroundings surroundings(path.parent_path());
  const batch::Trace traced = batch::trace({.script = std::move(*script),
                                            .name = options.file,
                                            .full_path = path,
                                            .arguments = quoted(options.arguments),
                                            .environment = std::move(*environment),
                                            .folder = path.parent_path()},
                                           surroundings);
  print_trace(context, options, traced);
  for (const std::string& note : traced.notes) context.terminal.complain(note);
  for (const std::string& problem : surroundings.problems())
    context.fail(api::Exit::failed, problem);
  if (traced.failure) context.fail(api::Exit::failed, *traced.failure);
}

struct RunOptions {
  std::string file;
  std::vector<std::string> arguments;
};

// The drives as the group's environment tells them.
batch::Drives known_drives() {
  const char* const drives = std::getenv("TASUKI_DRIVES");
  return batchrun::parse_drives(drives != nullptr ? drives : "");
}

batch::Environment own_environment() {
  batch::Environment environment;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view setting(*entry);
    if (const size_t equals = setting.find('='); equals != std::string_view::npos)
      environment.set(setting.substr(0, equals), std::string(setting.substr(equals + 1)));
  }
  return environment;
}

void run_script(Context& context, const RunOptions& options) {
  auto script = batchrun::read_script_file(options.file);
  if (!script) return context.fail(api::Exit::usage, script.error().what);
  const auto path = std::filesystem::absolute(options.file).lexically_normal();
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const int code = batchrun::run_script({.script = std::move(*script),
                                         .name = options.file,
                                         .full_path = path,
                                         .arguments = quoted(options.arguments),
                                         .environment = own_environment(),
                                         .folder = std::filesystem::current_path()},
                                        {batchrun::Files(known_drives()), {self, "script", "run"}});
  context.exit = static_cast<api::Exit>(code);
}

CLI::App& add_run(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "run",
      "Run a batch file\n"
      "By the rules of cmd.exe: names in any case, \\ for /, drive letters as the environment "
      "variable "
      "TASUKI_DRIVES tells (y=/mnt/data;z=/srv), which scripts of a group and tasuki shell have. "
      "Commands are looked for in the current folder and in PATH. Ends as the script does.");
  const auto options = std::make_shared<RunOptions>();
  verb.add_option("FILE", options->file, "a batch file")->required();
  verb.add_option("ARGS", options->arguments, "its arguments, %1 and so on");
  verb.callback([&context, options] { run_script(context, *options); });
  return verb;
}

CLI::App& add_check(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "check",
      "Report what cmd.exe or Tasuki would stumble over in batch files, and run nothing\n"
      "Each line is FILE:LINE: what is wrong; what to do. Give a start script together with its "
      "stop "
      "script: what one starts, the other must stop. A stop.bat beside a start.bat is looked at "
      "for "
      "that anyway. Ends with 0 when there is nothing to report, 1 when there is, and 2 when a "
      "file "
      "cannot be read.");
  const auto options = std::make_shared<CheckOptions>();
  verb.add_option("FILE", options->files, "batch files")->required();
  verb.add_option("--config", options->config,
                  "also check that this configuration has the services that are named")
      ->type_name("FILE");
  verb.add_flag("--json", options->json, "what was found as a JSON array");
  verb.callback([&context, options] { check(context, *options); });
  return verb;
}

CLI::App& add_trace(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "trace",
      "Print the commands that a batch file would run, in order, and run none of them\n"
      "One per line, with variables expanded; what only steers the script (rem, if, goto, labels, "
      "exit, echo off) is left out. Programs are taken to succeed. Only variables given by --set "
      "exist. What is called and lies in a file here is followed.");
  const auto options = std::make_shared<TraceOptions>();
  verb.add_option("FILE", options->file, "a batch file")->required();
  verb.add_option("ARGS", options->arguments, "its arguments, %1 and so on");
  verb.add_option("--set", options->variables, "a variable, as ARMS_EVENT=START; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  verb.add_flag("--json", options->json, "a JSON object per line, with line and command");
  verb.callback([&context, options] { trace(context, *options); });
  return verb;
}

}  // namespace

void add_script_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("script", "Check, review and run batch files");
  family.require_subcommand(1);
  add_check(family, context).footer("tasuki script check start.bat stop.bat --config cluster.toml");
  add_trace(family, context)
      .footer(
          "tasuki script trace start.bat --set ARMS_EVENT=START --set ARMS_DISK=SUCCESS --set "
          "ARMS_SERVER=HOME");
  add_run(family, context).footer("tasuki script run backup.bat /mnt/copy");
}

}  // namespace tasuki::cli
