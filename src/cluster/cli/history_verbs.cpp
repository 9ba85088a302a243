#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/history_text.hpp"
#include "cluster/cli/names.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

struct EventOptions {
  bool follow = false;
  bool json = false;
};

void show_event(Context& context, const EventOptions& options, const Json& event) {
  if (options.json)
    context.terminal.print(event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  else
    context.terminal.print(print_event(event, context.terminal.screen()));
}

void show_events(Context& context, const EventOptions& options) {
  const auto client = context.client();
  const auto known = context.accept(client.get("/v1/events"));
  if (!known) return;
  uint64_t last = 0;
  for (const auto& event : known->at("events")) {
    show_event(context, options, event);
    last = event.at("seq");
  }
  if (!options.follow) return;
  const auto show_next = [&](const Json& event) {
    show_event(context, options, event);
    return true;
  };
  if (context.accept(client.follow(fmt::format("/v1/events/follow?since={}", last), show_next)))
    context.fail(api::Exit::unreachable, "tasukid has ended the stream of events; is it stopping?");
}

struct TimelineOptions {
  std::string group;
  bool json = false;
};

void show_timeline(Context& context, const TimelineOptions& options) {
  const std::string query =
      options.group.empty() ? "" : "?group=" + api::percent_encode(options.group);
  const auto timeline = context.accept(context.client().get("/v1/timeline" + query));
  if (!timeline) return;
  // A group that has been removed may still have a history.
  if (!options.group.empty() && timeline->at("failovers").empty() &&
      !is_known(context, Names::groups, options.group))
    return;
  if (options.json) return context.print_json(*timeline);
  context.terminal.print(print_timeline(*timeline, context.terminal.screen()));
}

struct LogOptions {
  unsigned lines = 100;
  bool json = false;
};

void show_log(Context& context, const LogOptions& options) {
  const auto log =
      context.accept(context.client().get(fmt::format("/v1/log?lines={}", options.lines)));
  if (!log) return;
  if (options.json) return context.print_json(*log);
  for (const auto& line : log->at("lines"))
    context.terminal.print(printable(line.get<std::string>()) + "\n");
}

}  // namespace

void add_history_verbs(CLI::App& root, Context& context) {
  auto& events =
      *root.add_subcommand("events", "Show what happened in the cluster and why, newest last");
  events.footer("tasuki events\ntasuki events --follow --json");
  const auto event_options = std::make_shared<EventOptions>();
  events.add_flag("--follow", event_options->follow, "go on with new ones until Ctrl-C");
  events.add_flag("--json", event_options->json, "one JSON object on each line");
  events.callback([&context, event_options] { show_events(context, *event_options); });

  auto& timeline = *root.add_subcommand(
      "timeline",
      "Show where the milliseconds of the last failovers and moves went, newest last\n"
      "Each step's time is its own, and they add up to the time until it served again. That of a "
      "failover begins when the loss was noticed, which is when Corosync's membership changed, up "
      "to the configuration's detect after the loss itself; that of a move begins with the stop.");
  timeline.footer("tasuki timeline db");
  const auto timeline_options = std::make_shared<TimelineOptions>();
  timeline.add_option("GROUP", timeline_options->group, "of this group only");
  timeline.add_flag("--json", timeline_options->json, "as JSON");
  timeline.callback([&context, timeline_options] { show_timeline(context, *timeline_options); });

  auto& log = *root.add_subcommand("log", "Show the last lines of this node's log");
  log.footer("tasuki log -n 500");
  const auto log_options = std::make_shared<LogOptions>();
  log.add_option("-n,--lines", log_options->lines, "how many, by default 100")
      ->type_name("N")
      ->check(CLI::Range(1u, 100'000u));
  log.add_flag("--json", log_options->json, "as JSON");
  log.callback([&context, log_options] { show_log(context, *log_options); });
}

}  // namespace tasuki::cli
