#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/status_text.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/duration.hpp"

namespace tasuki::cli {
namespace {

struct Options {
  std::string group;
  std::string to;
  std::string wait;  // a duration; empty: do not wait
};

void act(Context& context, std::string_view action, const Options& options) {
  const Milliseconds wait = options.wait.empty() ? Milliseconds(0) : *parse_duration(options.wait);
  const Json body{{"to", options.to.empty() ? Json() : Json(options.to)},
                  {"wait", !options.wait.empty()},
                  {"wait_ms", wait.count()}};
  const auto target = fmt::format("/v1/groups/{}/{}", api::percent_encode(options.group), action);
  const auto answer = context.accept(context.client().post(target, body, wait));
  if (answer) context.terminal.print(answer->at("outcome").get<std::string>() + "\n");
}

std::string check_duration(const std::string& text) {
  const auto parsed = parse_duration(text);
  return parsed ? "" : parsed.error().what;
}

enum class Target { none, node };

struct Verb {
  std::string name;
  std::string description;
  std::string examples;
  Target target = Target::none;
};

void add_acting_verb(CLI::App& family, Context& context, const Verb& described) {
  auto& verb = *family.add_subcommand(described.name, described.description);
  verb.footer(described.examples);
  const auto options = std::make_shared<Options>();
  verb.add_option("GROUP", options->group, "the group's name")->required();
  if (described.target == Target::node)
    verb.add_option("--to", options->to, "the node; by default the best one of the group's policy")
        ->type_name("NODE");
  verb.add_flag("--wait{1m}", options->wait,
                "come back when it is done, or has failed, or LIMIT has passed (by default 1m)")
      ->type_name("LIMIT")
      ->check(CLI::Validator(check_duration, ""));
  verb.callback([&context, options, name = described.name] { act(context, name, *options); });
}

void accept_settings(Context& context, const std::string& group, const std::string& from) {
  const auto target = fmt::format("/v1/groups/{}/accept-settings", api::percent_encode(group));
  const auto answer = context.accept(context.client().post(target, {{"from", from}}));
  if (answer) context.terminal.print(answer->at("outcome").get<std::string>() + "\n");
}

void add_accept_settings(CLI::App& family, Context& context) {
  auto& verb = *family.add_subcommand(
      "accept-settings",
      "Take the settings that a node has of a group for the newest, although others have newer "
      "ones\n"
      "For when the nodes that have the newest settings of the group are lost: what was "
      "changed there last is given up.");
  verb.footer("tasuki group accept-settings staroffice --from sv2");
  const auto options = std::make_shared<Options>();
  verb.add_option("GROUP", options->group, "the group's name")->required();
  verb.add_option("--from", options->to, "the node whose settings are taken")
      ->type_name("NODE")
      ->required();
  verb.callback([&context, options] { accept_settings(context, options->group, options->to); });
}

void list(Context& context, bool json) {
  const auto status = context.accept(context.client().get("/v1/status"));
  if (!status) return;
  if (json) return context.print_json(status->at("groups"));
  context.terminal.print(print_groups(*status, context.terminal.screen()));
}

}  // namespace

void add_group_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("group", "Start, stop and move groups");
  family.require_subcommand(1);
  auto& listing = *family.add_subcommand("list", "List the groups and where they run");
  const auto json = std::make_shared<bool>(false);
  listing.add_flag("--json", *json, "as JSON");
  listing.callback([&context, json] { list(context, *json); });
  add_acting_verb(family, context,
                  {"start", "Start a stopped group", "tasuki group start db --wait", Target::node});
  add_acting_verb(family, context,
                  {"stop",
                   "Stop a group and keep it stopped\n"
                   "It stays stopped, also after a restart of the whole cluster, until it is "
                   "started again.",
                   "tasuki group stop db --wait=5m", Target::none});
  add_acting_verb(family, context,
                  {"move", "Move a group to another node, or back home",
                   "tasuki group move db --to sv2 --wait\ntasuki group move db", Target::node});
  add_acting_verb(family, context,
                  {"retry",
                   "Forget a group's failures and try it again\n"
                   "A group that could not be started on any node stays failed until this is said.",
                   "tasuki group retry db --wait", Target::none});
  add_accept_settings(family, context);
}

}  // namespace tasuki::cli
