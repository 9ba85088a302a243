// Backups: the group's services are stopped while a command runs, and run again whatever comes.
//
// The rule it protects: tasukid keeps the suspension for a short time only, so that it ends by
// itself when this program dies; and the command does not outlive the suspension.
#include <chrono>
#include <memory>
#include <random>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cluster/api/router.hpp"
#include "cluster/cli/backup_text.hpp"
#include "cluster/cli/child.hpp"
#include "cluster/cli/verbs.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLease = 10s;
constexpr milliseconds kProlongEvery = 2s;
constexpr milliseconds kLookAgain = 100ms;
// A tasukid that starts anew answers again well within this.
constexpr milliseconds kSilenceLimit = 1min;
// A group whose services take longer than this to stop or start is looked after by hand.
constexpr milliseconds kSettleLimit = 30min;

// The group's services are stopped while it is held.
class Suspension {
 public:
  Suspension(Context& context, std::string group, std::string reason)
      : context_(context), group_(std::move(group)), reason_(std::move(reason)) {
    std::random_device random;
    key_ = fmt::format("backup-{:08x}{:08x}", random(), random());
  }

  // Whether the group's services have stopped; what went wrong has been told.
  bool begin() {
    auto answer = context_.accept(ask_suspend(true));
    for (const auto deadline = Clock::now() + kSettleLimit;
         answer && !answer->at("settled").get<bool>();) {
      if (Clock::now() > deadline) {
        context_.fail(api::Exit::time_ran_out, "the services do not stop; they are started again");
        return false;  // which tasukid does when nobody prolongs it
      }
      std::this_thread::sleep_for(kLookAgain);
      answer = context_.accept(ask_suspend(false));
    }
    return answer.has_value();
  }

  // False when the suspension is over. A tasukid that is just starting anew knows of it.
  bool prolong() {
    const auto reply = ask_suspend(false);
    if (reply && reply->status < 400) {
      prolonged_ = Clock::now();
      return true;
    }
    if (!reply) return Clock::now() - prolonged_ < kLease;
    lost_ = reply->body.value("error", "the suspension is over");
    return false;
  }

  // Whether everything of the group is up again on this server; otherwise why not.
  Result<void> end() {
    const auto deadline = Clock::now() + kSettleLimit;
    auto answered = Clock::now();
    for (;;) {
      const auto reply = ask("resume", {{"key", key_}});
      if (reply) answered = Clock::now();
      if (reply && reply->status >= 400)
        return failure(reply->body.value("error", "tasukid gives no reason"));
      if (reply && reply->body.at("settled").get<bool>()) return {};
      if (Clock::now() > deadline || Clock::now() - answered > kSilenceLimit)
        return failure(reply ? "the services are not up again" : reply.error().what);
      std::this_thread::sleep_for(kLookAgain);
    }
  }

  [[nodiscard]] const std::string& lost() const { return lost_; }

 private:
  Result<api::Reply> ask(const std::string& verb, const Json& body) {
    return context_.client().post(
        fmt::format("/v1/groups/{}/{}", api::percent_encode(group_), verb), body);
  }
  Result<api::Reply> ask_suspend(bool begin) {
    return ask(
        "suspend",
        {{"key", key_}, {"reason", reason_}, {"lease_ms", kLease.count()}, {"begin", begin}});
  }

  Context& context_;
  std::string group_;
  std::string reason_;
  std::string key_;
  std::string lost_;
  Clock::time_point prolonged_ = Clock::now();
};

struct Options {
  std::string group;
  std::vector<std::string> command;
  bool json = false;
};

void run_backup(Context& context, const Options& options) {
  const auto target = fmt::format("/v1/groups/{}/environment", api::percent_encode(options.group));
  const auto place = context.accept(context.client().get(target));
  if (!place) return;
  const std::string command = join(options.command, " ");
  Suspension suspension(context, options.group, "backup: " + command);
  if (!suspension.begin()) return;
  const auto end = run_child({options.command, place->at("environment")}, kProlongEvery,
                             [&] { return suspension.prolong(); });
  const auto resumed = suspension.end();

  if (!end) {
    context.fail(api::Exit::failed, end.error().what);
  } else if (end->interrupted) {
    context.fail(api::Exit::failed,
                 fmt::format("{} was broken off{}", command,
                             suspension.lost().empty() ? "" : ": " + suspension.lost()));
  } else if (end->status != 0) {
    context.fail(api::Exit::failed, fmt::format("{} ended with {}", command, end->status));
  }
  if (!resumed)
    return context.fail(api::Exit::failed,
                        fmt::format("the services of group {} did not start again "
                                    "here: {}",
                                    options.group, resumed.error().what));
  context.terminal.print(fmt::format("the services of group {} run again\n", options.group));
}

void show_schedule(Context& context, const Options& options) {
  const auto answer = context.accept(context.client().get("/v1/backups"));
  if (!answer) return;
  if (options.json) return context.print_json(answer->at("backups"));
  context.terminal.print(print_backups(*answer, context.terminal.screen()));
}

}  // namespace

void add_backup_verbs(CLI::App& root, Context& context) {
  auto& family = *root.add_subcommand("backup", "Back groups up while their services rest");
  family.require_subcommand(1);
  auto& run = *family.add_subcommand(
      "run",
      "Run a command while a group's services are stopped\n"
      "Watching is suspended, the scripts and services of the group stop as they do for a move, "
      "while its partitions and addresses stay; then the command runs with the group's "
      "environment, "
      "and everything starts and is watched again. So it is also when the command fails, when it "
      "is "
      "broken off, or when this program is killed. Ends with 1 unless the command ended with 0 and "
      "the services run again here.");
  run.footer("tasuki backup run mail -- tar -C /mnt/mail -czf /backup/mail.tar.gz .");
  const auto options = std::make_shared<Options>();
  run.add_option("GROUP", options->group, "the group's name")->required();
  run.add_option("COMMAND", options->command, "the command and its arguments, behind --")
      ->required();
  run.callback([&context, options] { run_backup(context, *options); });
  auto& schedule =
      *family.add_subcommand("schedule", "List the backups that groups make by themselves");
  schedule.footer("tasuki backup schedule");
  schedule.add_flag("--json", options->json, "as JSON");
  schedule.callback([&context, options] { show_schedule(context, *options); });
}

}  // namespace tasuki::cli
