#include <CLI/CLI.hpp>

#include "cluster/cli/verbs.hpp"

namespace tasuki::cli {
namespace {

void act(Context& context, const std::string& target) {
  const auto answer = context.accept(context.client().post(target, Json::object()));
  if (answer) context.terminal.print(answer->at("outcome").get<std::string>() + "\n");
}

}  // namespace

void add_lock_verbs(CLI::App& root, Context& context) {
  auto& lock = *root.add_subcommand(
      "lock",
      "Keep every group where it is\n"
      "For work on the whole cluster: nothing fails over or back until unlock, not even from a "
      "node that dies. Groups can still be started, stopped and moved by hand.");
  lock.callback([&context] { act(context, "/v1/lock"); });
  auto& unlock = *root.add_subcommand("unlock", "Let groups move by themselves again");
  unlock.callback([&context] { act(context, "/v1/unlock"); });
}

}  // namespace tasuki::cli
