#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/names.hpp"
#include "cluster/cli/status_text.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

struct Options {
  std::string node;
  bool accept_loss = false;
  bool yes = false;
};

void act(Context& context, std::string_view action, const Options& options) {
  const auto target = fmt::format("/v1/nodes/{}/{}", api::percent_encode(options.node), action);
  const auto answer =
      context.accept(context.client().post(target, {{"accept_loss", options.accept_loss}}));
  if (answer) context.terminal.print(answer->at("outcome").get<std::string>() + "\n");
}

std::string promise_of(const Options& options) {
  const std::string loss =
      options.accept_loss
          ? fmt::format(
                " You also accept that changes which only {0} has are lost. Start {0} again "
                "only where it meets the servers that go on now: alone it knows nothing of "
                "this word.",
                options.node)
          : "";
  return fmt::format(
      "You vouch that {0} is switched off, or that nothing on it can write to the cluster's disks "
      "any more. Its groups are then started elsewhere without any other proof. If {0} still "
      "runs, its groups run twice and their data is destroyed: go and look, and switch it off by "
      "hand.{1}",
      options.node, loss);
}

// What is vouched for is said in any case, also when nobody is asked, unless it would be refused.
void confirm_down(Context& context, const Options& options) {
  if (!is_known(context, Names::nodes, options.node)) return;
  const auto target = fmt::format("/v1/nodes/{}/confirm-down", api::percent_encode(options.node));
  const Json question{{"accept_loss", options.accept_loss}, {"dry_run", true}};
  if (!context.accept(context.client().post(target, question))) return;
  Terminal& terminal = context.terminal;
  terminal.print(hang(terminal.screen(), "", promise_of(options)));
  if (!options.yes) {
    if (!terminal.interactive())
      return context.fail(api::Exit::usage,
                          "nobody is there to confirm it; give --yes to vouch without being asked");
    const auto typed = terminal.ask("Type the node's name to vouch for it:");
    if (!typed || trim(*typed) != options.node)
      return context.fail(api::Exit::failed, "that is not the node's name; nothing was done");
  }
  act(context, "confirm-down", options);
}

void list(Context& context, bool json) {
  const auto status = context.accept(context.client().get("/v1/status"));
  if (!status) return;
  if (json) return context.print_json(status->at("nodes"));
  context.terminal.print(print_nodes(*status, context.terminal.screen()));
}

// Adds the command; its options are given back for what only one of them takes.
std::pair<CLI::App&, std::shared_ptr<Options>> add_verb(CLI::App& family, const std::string& name,
                                                        const std::string& description) {
  auto& verb = *family.add_subcommand(name, description);
  verb.footer(fmt::format("tasuki node {} sv2", name));
  auto options = std::make_shared<Options>();
  verb.add_option("NODE", options->node, "the node's name")->required();
  return {verb, std::move(options)};
}

void add_acting_verb(CLI::App& family, Context& context, const std::string& name,
                     const std::string& description) {
  auto [verb, options] = add_verb(family, name, description);
  verb.callback([&context, options, name] { act(context, name, *options); });
}

void add_confirm_down(CLI::App& family, Context& context) {
  auto [verb, options] = add_verb(
      family, "confirm-down",
      "Vouch that a lost node is off, so that its groups may start elsewhere\n"
      "For when nothing else can prove it: no power switch answers, and no lease counts. A wrong "
      "word destroys data, so it asks for the node's name.");
  verb.add_flag("--accept-loss", options->accept_loss,
                "go on even if the newest changes are lost with it");
  verb.add_flag("--yes", options->yes, "vouch without being asked");
  verb.callback([&context, options] { confirm_down(context, *options); });
}

}  // namespace

void add_node_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("node", "Set nodes aside, and vouch for lost ones");
  family.require_subcommand(1);
  auto& listing = *family.add_subcommand("list", "List the nodes and their states");
  const auto json = std::make_shared<bool>(false);
  listing.add_flag("--json", *json, "as JSON");
  listing.callback([&context, json] { list(context, *json); });
  add_acting_verb(family, context, "standby",
                  "Set a node aside: its groups move to others, and none starts on it\n"
                  "For work on the server. It stays aside until resume, also after a restart.");
  add_acting_verb(family, context, "resume", "Let a node that was set aside run groups again");
  add_confirm_down(family, context);
}

}  // namespace tasuki::cli
