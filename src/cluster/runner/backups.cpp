#include "cluster/runner/backups.hpp"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "cluster/process/run_command.hpp"
#include "cluster/runner/backup_times.hpp"
#include "cluster/runner/clock.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {

using core::Backup;
using core::GroupName;
using core::milliseconds;
using core::Note;
using namespace std::chrono_literals;

namespace {

constexpr size_t kRecordsMax = 500;
// The clock is looked at this often: it may be set at any time.
constexpr milliseconds kLook = 5s;
// A time that was missed by more, because the clock was set or the machine slept, is left out.
constexpr std::time_t kLatestSeconds = 600;
constexpr milliseconds kLease = 10s;
constexpr milliseconds kProlong = 1s;
constexpr milliseconds kSettleLimit = 30min;
constexpr const char* kProcess = "backup";
constexpr const char* kKey = "scheduled";

Json id_of(const GroupName& group, const Backup& backup) {
  return {{"group", group.value}, {"minute", backup.minute}, {"command", backup.command}};
}

std::string iso_time(std::time_t time) {
  return time_of_day(std::chrono::system_clock::from_time_t(time));
}

}  // namespace

Backups::Backups(BackupContext context, std::string file)
    : context_(std::move(context)), history_(std::move(file), kRecordsMax), timer_(context_.io) {}

void Backups::start() {
  looked_at_ = std::time(nullptr);
  look();
}

void Backups::look() {
  const std::time_t now = std::time(nullptr);
  for (const core::Group& group : context_.config().groups) {
    const GroupRunner* runner = context_.find_runner(group.name);
    if (runner == nullptr || !runner->machine().settled()) continue;
    for (const Backup& backup : group.backups) {
      const auto due = next_backup_time(backup, looked_at_);
      if (!due || *due > now || now - *due > kLatestSeconds) continue;
      if (!under_way_.insert(group.name).second) continue;
      start_task(context_.io.get_executor(), run(group.name, backup));
    }
  }
  looked_at_ = now;
  timer_.expires_after(kLook);
  timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) look();
  });
}

Task<void> Backups::run(GroupName group, Backup backup) {
  const std::string started = time_of_day();
  const auto outcome = co_await make(group, backup);
  under_way_.erase(group);
  tell(group, backup, started, outcome);
}

void Backups::tell(const GroupName& group, const Backup& backup, const std::string& started,
                   const Result<void>& outcome) {
  const std::string text = outcome ? "the backup is done" : outcome.error().what;
  context_.note({outcome ? Note::Level::info : Note::Level::error, "group " + group.value,
                 outcome ? text : "the backup failed: " + text});
  Json record = id_of(group, backup);
  record.update({{"node", context_.node()},
                 {"started", started},
                 {"ended", time_of_day()},
                 {"ok", outcome.has_value()},
                 {"outcome", text}});
  context_.record({{"backup", record}});
}

Task<Result<void>> Backups::make(GroupName group, Backup backup) {
  const auto runner = prolong(group, GroupRunner::Begin::yes);
  if (!runner) co_return failure(runner.error());
  auto environment = (*runner)->environment();
  auto done = co_await wait_settled(group, true);
  if (done) done = co_await run_command(group, backup, std::move(environment));
  if (GroupRunner* still = context_.find_runner(group)) still->resume(kKey);
  auto up = co_await wait_settled(group, false);
  if (!up) co_return failure(up.error().during("the services did not start again here"));
  co_return done;
}

Task<Result<void>> Backups::run_command(GroupName group, Backup backup,
                                        std::map<std::string, std::string> environment) {
  struct Progress {
    std::optional<Result<process::CommandEnd>> end;
  };
  auto progress = std::make_shared<Progress>();
  process::Spawn spawn{{group.value, kProcess}, backup.command, "root", std::move(environment), "/",
                       group.value + " backup"};
  asio::co_spawn(context_.io, process::run_command(context_.keeper, std::move(spawn), backup.limit),
                 [progress](const std::exception_ptr& problem, Result<process::CommandEnd> end) {
                   if (problem) std::rethrow_exception(problem);
                   progress->end.emplace(std::move(end));
                 });
  Result<void> held;
  while (!progress->end) {
    co_await wait_for(kProlong);
    if (!held) continue;
    if (const auto runner = prolong(group, GroupRunner::Begin::only_prolong); !runner) {
      held = failure(runner.error());
      // Its end is awaited by the loop.
      static_cast<void>(co_await context_.keeper.stop({{group.value, kProcess}, SIGKILL, {}}));
    }
  }
  if (!held) co_return held;
  if (!*progress->end) co_return failure(progress->end->error());
  const process::CommandEnd& end = **progress->end;
  if (end.status.success()) co_return Result<void>{};
  co_return failure(
      fmt::format("{} {}", backup.command.front(), process::describe(end.status, end.last_line)));
}

Task<Result<void>> Backups::wait_settled(GroupName group, bool suspended) {
  const Moment deadline = now() + kSettleLimit;
  for (;;) {
    const GroupRunner* runner = context_.find_runner(group);
    if (runner == nullptr || runner->machine().idle())
      co_return failure(fmt::format("group {} has left this server", group));
    if (runner->machine().settled()) co_return Result<void>{};
    if (now() > deadline) co_return failure("it takes too long");
    co_await wait_for(100ms);
    if (!suspended) continue;
    if (const auto held = prolong(group, GroupRunner::Begin::only_prolong); !held)
      co_return failure(held.error());
  }
}

Result<GroupRunner*> Backups::prolong(const GroupName& group, GroupRunner::Begin begin) {
  GroupRunner* runner = context_.find_runner(group);
  if (runner == nullptr) return failure(fmt::format("group {} has left this server", group));
  if (auto held = runner->suspend({kKey, "scheduled backup", now() + kLease}, begin); !held)
    return failure(held.error());
  return runner;
}

Task<void> Backups::end_interrupted(const process::KeptGroup& kept) {
  if (std::ranges::find(kept.processes, kProcess, &process::KeptProcess::key) ==
      kept.processes.end())
    co_return;
  const GroupName group{kept.name};
  context_.note({Note::Level::error, "group " + kept.name,
                 "the scheduled backup was broken off, because tasukid started anew"});
  static_cast<void>(co_await context_.keeper.stop({{kept.name, kProcess}, SIGKILL, {}}));
  if (GroupRunner* runner = context_.find_runner(group)) runner->resume(kKey);
}

Json Backups::list(const std::function<std::string(const GroupName&)>& holder) const {
  Json list = Json::array();
  const std::time_t now = std::time(nullptr);
  for (const core::Group& group : context_.config().groups)
    for (const Backup& backup : group.backups) {
      Json entry = id_of(group.name, backup);
      const Json id = entry;
      const auto next = next_backup_time(backup, now);
      entry["next"] = next ? Json(iso_time(*next)) : Json(nullptr);
      entry["node"] = holder(group.name);
      entry["days"] = backup.days;
      entry["last"] = nullptr;
      for (const Json& record : history_.records()) {
        Json of = {{"group", record.value("group", "")},
                   {"minute", record.value("minute", -1)},
                   {"command", record.value("command", Json())}};
        if (of == id) entry["last"] = record;
      }
      list.push_back(std::move(entry));
    }
  return {{"backups", list}};
}

}  // namespace tasuki::runner
