#include <algorithm>
#include <cctype>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/cli/fence_warnings.hpp"
#include "cluster/cli/history_text.hpp"
#include "cluster/cli/machine_warnings.hpp"
#include "cluster/cli/verbs.hpp"
#include "cluster/config/diff.hpp"
#include "cluster/config/parse.hpp"
#include "cluster/core/timing.hpp"
#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

// The whole file, or nothing and the complaint has been made.
std::optional<std::string> read_or_fail(Context& context, const std::string& file) {
  auto text = read_file(file);
  if (text) return std::move(*text);
  context.fail(api::Exit::failed, text.error().what);
  return std::nullopt;
}

struct CheckOptions {
  std::string file;
  bool explain = false;
  bool json = false;
};

void print_warnings(Context& context, const config::ParseOutcome& outcome) {
  for (const auto& warning : outcome.warnings)
    context.terminal.print(fmt::format("{} (warning)\n", to_text(warning)));
}

void print_findings(Context& context, const config::ParseOutcome& outcome) {
  for (const auto& mistake : outcome.mistakes) context.terminal.print(to_text(mistake) + "\n");
  print_warnings(context, outcome);
}

// The times that follow from a configuration without mistakes.
std::vector<std::string> explained_times(const config::ParseOutcome& outcome) {
  if (!outcome.config) return {};
  const auto timing = core::derive_timing(*outcome.config);
  return timing ? core::explain_timing(*outcome.config, *timing) : std::vector<std::string>{};
}

void print_findings_as_json(Context& context, const config::ParseOutcome& outcome, bool explain) {
  Json findings{{"mistakes", Json::array()}, {"warnings", Json::array()}};
  if (explain) findings["times"] = explained_times(outcome);
  for (const auto& mistake : outcome.mistakes) findings["mistakes"].push_back(to_json(mistake));
  for (const auto& warning : outcome.warnings) findings["warnings"].push_back(to_json(warning));
  context.print_json(findings);
}

void check(Context& context, const CheckOptions& options) {
  const auto text = read_or_fail(context, options.file);
  if (!text) return;
  auto outcome = config::parse_config(*text, options.file);
  add_fence_warnings(outcome, options.file);
  add_machine_warnings(outcome, options.file, look_at_this_machine());
  if (!outcome.config) context.exit = api::Exit::failed;
  if (options.json) return print_findings_as_json(context, outcome, options.explain);
  print_findings(context, outcome);
  if (!outcome.config) return;
  context.terminal.print(fmt::format("{}: no mistakes.\n", options.file));
  if (!options.explain) return;
  for (const auto& line : explained_times(outcome))
    context.terminal.print(hang(context.terminal.screen(), "  ", line));
}

struct ApplyOptions {
  std::string file;
  bool dry_run = false;
  bool yes = false;
};

// What tasukid answers to the text; nothing when it refused, which has been told then. `more` is
// either that it is only to say what would change, or the version that was compared with.
std::optional<Json> offer(Context& context, const ApplyOptions& options, const std::string& text,
                          Json more) {
  more["text"] = text;
  more["file"] = options.file;
  const auto reply = context.client().post("/v1/config", more);
  if (reply && reply->status == 422)
    for (const auto& mistake : reply->body.at("diagnostics"))
      context.terminal.print(to_text(Diagnostic{mistake.at("file"), mistake.at("line"),
                                                mistake.at("what"), mistake.at("expected")}) +
                             "\n");
  return context.accept(reply);
}

bool agreed(Context& context, const ApplyOptions& options) {
  if (options.yes) return true;
  if (!context.terminal.interactive()) {
    context.fail(api::Exit::usage,
                 "nobody is there to agree; give --yes to apply it without being asked");
    return false;
  }
  const auto answer = context.terminal.ask("Apply it? [y/N]");
  if (answer && (*answer == "y" || *answer == "Y" || *answer == "yes")) return true;
  context.fail(api::Exit::failed, "not applied");
  return false;
}

void apply(Context& context, const ApplyOptions& options) {
  const auto text = read_or_fail(context, options.file);
  if (!text) return;
  const auto preview = offer(context, options, *text, {{"dry_run", true}});
  if (!preview) return;
  const Json& changes = preview->at("changes");
  context.terminal.print(print_changes(changes, context.terminal.screen()));
  auto outcome = config::parse_config(*text, options.file);
  add_fence_warnings(outcome, options.file);
  add_machine_warnings(outcome, options.file, look_at_this_machine());
  print_warnings(context, outcome);
  if (options.dry_run) return;
  // A text that means the same still becomes a version: its comments are the administrator's.
  if (!changes.empty() && !agreed(context, options)) return;
  // Somebody else may have applied another version since.
  const auto applied = offer(context, options, *text, {{"base", preview->at("counter")}});
  if (!applied) return;
  if (applied->at("counter") == preview->at("counter"))
    return context.terminal.print(
        fmt::format("It is version {} already.\n", applied->at("counter").get<uint64_t>()));
  const auto absent = applied->at("absent").get<std::vector<std::string>>();
  const std::string where =
      absent.empty() ? "on every node"
                     : fmt::format("on every node that is up; {} {} it when back",
                                   join(absent, ", "), absent.size() == 1 ? "gets" : "get");
  context.terminal.print(fmt::format("Applied as version {} ({}) {}.\n",
                                     applied->at("counter").get<uint64_t>(),
                                     applied->at("hash").get<std::string>().substr(0, 8), where));
}

struct DiffOptions {
  std::vector<std::string> versions;  // files or counters
  bool json = false;
};

bool is_counter(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

// The meaning of a file, of a version that was applied, or ("") of the one that is.
std::optional<core::Config> read_version(Context& context, const std::string& version) {
  std::optional<std::string> text;
  if (is_counter(version)) {
    const auto target = version.empty() ? "/v1/config" : "/v1/config/" + version;
    if (const auto known = context.accept(context.client().get(target))) text = known->at("text");
  } else {
    text = read_or_fail(context, version);
  }
  if (!text) return std::nullopt;
  auto outcome = config::parse_config(*text, version.empty() ? "the applied version" : version);
  if (outcome.config) return std::move(outcome.config);
  print_findings(context, outcome);
  context.fail(api::Exit::failed, "what has mistakes cannot be compared");
  return std::nullopt;
}

void diff(Context& context, const DiffOptions& options) {
  std::string before = options.versions.front();
  std::string after = options.versions.size() > 1 ? options.versions.back() : "";
  // A file alone is what will be, a version alone is what was.
  if (after.empty() && !is_counter(before)) std::swap(before, after);
  const auto from = read_version(context, before);
  const auto to = from ? read_version(context, after) : std::nullopt;
  if (!to) return;
  Json changes = Json::array();
  for (const auto& change : config::diff_configs(*from, *to).changes)
    changes.push_back(to_json(change));
  if (options.json) return context.print_json(changes);
  context.terminal.print(print_changes(changes, context.terminal.screen()));
}

void show(Context& context, bool json) {
  const auto applied = context.accept(context.client().get("/v1/config"));
  if (!applied) return;
  if (json) return context.print_json(*applied);
  context.terminal.print(applied->at("text").get<std::string>());
}

void show_history(Context& context, bool json) {
  const auto history = context.accept(context.client().get("/v1/config/history"));
  if (!history) return;
  if (json) return context.print_json(*history);
  context.terminal.print(print_versions(*history, context.terminal.screen()));
}

CLI::App& add_check(CLI::App& family, Context& context) {
  auto& verb =
      *family.add_subcommand("check",
                             "Report every mistake in a configuration file, and change nothing\n"
                             "Needs no cluster. Each line is FILE:LINE: what is wrong; what is "
                             "expected. Fence agents that "
                             "are installed here are asked whether they understand their options.");
  const auto options = std::make_shared<CheckOptions>();
  verb.add_option("FILE", options->file, "the configuration")->required();
  verb.add_flag("--explain", options->explain, "also show the times that follow from it");
  verb.add_flag("--json", options->json, "the findings as JSON");
  verb.callback([&context, options] { check(context, *options); });
  return verb;
}

CLI::App& add_apply(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "apply",
      "Make a file the configuration of the whole cluster\n"
      "It becomes so on every node or on none. What will change is said first, and nothing else "
      "is touched. It asks before it acts.");
  const auto options = std::make_shared<ApplyOptions>();
  verb.add_option("FILE", options->file, "the configuration")->required();
  verb.add_flag("--dry-run", options->dry_run, "only say what would change");
  verb.add_flag("--yes", options->yes, "apply without asking");
  verb.callback([&context, options] { apply(context, *options); });
  return verb;
}

CLI::App& add_diff(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "diff",
      "Show what differs between two configurations\n"
      "A file alone is compared with the applied version: what applying it would change. A number "
      "alone is an earlier version: what has changed since. With two, from the first to the "
      "second.");
  const auto options = std::make_shared<DiffOptions>();
  verb.add_option("FILE|VERSION", options->versions, "a file, or the number of a version")
      ->required()
      ->expected(1, 2);
  verb.add_flag("--json", options->json, "as JSON");
  verb.callback([&context, options] { diff(context, *options); });
  return verb;
}

}  // namespace

void add_config_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("config", "Check, apply and compare configurations");
  family.require_subcommand(1);
  add_check(family, context).footer("tasuki config check cluster.toml --explain");
  add_apply(family, context)
      .footer("tasuki config apply cluster.toml --dry-run\ntasuki config apply cluster.toml");
  add_diff(family, context).footer("tasuki config diff cluster.toml\ntasuki config diff 3 4");
  const auto json = std::make_shared<bool>(false);
  auto& showing = *family.add_subcommand("show", "Print the applied configuration");
  showing.footer("tasuki config show > cluster.toml");
  showing.add_flag("--json", *json, "with its version, as JSON");
  showing.callback([&context, json] { show(context, *json); });
  auto& history = *family.add_subcommand("history", "List the versions that were applied");
  history.add_flag("--json", *json, "as JSON");
  history.callback([&context, json] { show_history(context, *json); });
}

}  // namespace tasuki::cli
