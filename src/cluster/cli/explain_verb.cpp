#include <memory>

#include <CLI/CLI.hpp>

#include "cluster/api/router.hpp"
#include "cluster/cli/explain_text.hpp"
#include "cluster/cli/verbs.hpp"

namespace tasuki::cli {
namespace {

struct Options {
  std::string name;
  bool json = false;
};

void explain(Context& context, const Options& options) {
  const auto answer =
      context.accept(context.client().get("/v1/explain/" + api::percent_encode(options.name)));
  if (!answer) return;
  if (options.json) return context.print_json(*answer);
  context.terminal.print(print_explanations(*answer, context.terminal.screen()));
}

}  // namespace

void add_explain_verb(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "explain",
      "Tell why a group or a server is as it is\n"
      "What is known, the rule that follows from it, what speaks against the alternatives, the "
      "proof that was used or is missing, and what would change it.");
  verb.footer("tasuki explain db\ntasuki explain sv2 --json");
  const auto options = std::make_shared<Options>();
  verb.add_option("SUBJECT", options->name, "a group or a server")->required();
  verb.add_flag("--json", options->json, "as JSON, as docs/api/openapi.yaml describes it");
  verb.callback([&context, options] { explain(context, *options); });
}

}  // namespace tasuki::cli
