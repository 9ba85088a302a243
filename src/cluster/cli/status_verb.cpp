#include <chrono>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "cluster/cli/status_text.hpp"
#include "cluster/cli/verbs.hpp"

namespace tasuki::cli {
namespace {

using namespace std::chrono_literals;

// Often enough to see a failover happen, seldom enough to cost nothing.
constexpr auto kWatchPause = 1s;
// Cursor home, and erase what is below (ECMA-48 8.3.21 and 8.3.39).
constexpr std::string_view kRedraw = "\x1b[H\x1b[J";

struct Options {
  bool watch = false;
  bool json = false;
};

void show_once(Context& context, const Options& options) {
  const auto status = context.accept(context.client().get("/v1/status"));
  if (!status) return;
  context.exit = status->at("health") == "ok" ? api::Exit::ok : api::Exit::failed;
  if (options.json) return context.print_json(*status);
  context.terminal.print(print_status(*status, context.terminal.screen()));
}

// Until the user ends it; goes on through a restart of tasukid.
[[noreturn]] void watch(Context& context, const Options& options) {
  for (;; std::this_thread::sleep_for(kWatchPause)) {
    if (context.terminal.screen().colour && !options.json) context.terminal.print(kRedraw);
    show_once(context, options);
  }
}

}  // namespace

void add_status_verb(CLI::App& root, Context& context) {
  auto& verb = *root.add_subcommand(
      "status",
      "Show whether all is well, what runs where and since when, and what would take over\n"
      "What needs attention comes first, with what to do about it. Ends with 0 only when all is "
      "well, so it serves as a check for monitoring too.");
  verb.footer("tasuki status\ntasuki status --watch\ntasuki status --json");
  const auto options = std::make_shared<Options>();
  verb.add_flag("--watch", options->watch, "show it anew every second until Ctrl-C");
  verb.add_flag("--json", options->json, "as JSON, as docs/api/openapi.yaml describes it");
  verb.callback([&context, options] {
    if (options->watch) watch(context, *options);
    show_once(context, *options);
  });
}

}  // namespace tasuki::cli
