#include "cluster/resource/script/script.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "cluster/batch/command.hpp"
#include "cluster/process/run_command.hpp"

namespace tasuki::resource {
namespace {

// What the stop script of a failed start is told (CLP_FACTOR).
constexpr const char* kAfterFailure = "GROUPFAILOVER";
// Everything of a script that was killed has ended; only word of it is on its way.
constexpr core::milliseconds kLookAgain{1};

class ScriptResource final : public Resource {
 public:
  explicit ScriptResource(ScriptSettings settings) : settings_(std::move(settings)) {}

  Task<Result<void>> start(StepOptions options) override {
    auto done =
        co_await run("start", settings_.scripts.start, options.start_limit, options.environment);
    if (done) co_return done;
    std::string why = done.error().what;
    options.environment["CLP_FACTOR"] = kAfterFailure;
    const auto stopped = co_await run_stop(std::move(options));
    if (!stopped) why += "; and then: " + stopped.error().what;
    if (const auto undone = co_await end_leftovers(); !undone)
      co_return failure(why + "; and then: " + undone.error().what, ENOTRECOVERABLE);
    co_return failure(why);
  }

  Task<Result<void>> stop(StepOptions options) override {
    if (auto ended = co_await break_off_tell(); !ended) co_return ended;
    const auto done = co_await run_stop(std::move(options));
    if (!done) settings_.warn(done.error().what);
    co_return co_await end_leftovers();
  }

  Task<Result<void>> tell(StepOptions options) override {
    telling_ = true;
    broken_off_ = false;
    auto told = co_await run("tell", settings_.scripts.start, options.start_limit,
                             std::move(options.environment));
    telling_ = false;
    if (broken_off_) co_return failure("was broken off, as the scripts are stopped");
    co_return told;
  }

  // What a script did cannot be looked at; the group's note says that it was done.
  Task<Result<bool>> adopt() override { co_return true; }

 private:
  [[nodiscard]] process::ProcessName process_name(const std::string& event) const {
    return {settings_.group.value, fmt::format("script.{}.{}", settings_.name, event)};
  }

  [[nodiscard]] std::vector<std::string> command_of(const std::string& script) const {
    if (!batch::is_batch_file(script)) return {script};
    return {settings_.tasuki, "script", "run", script};
  }

  Task<Result<void>> run(std::string event, std::string script, core::milliseconds limit,
                         std::map<std::string, std::string> environment) {
    if (script.empty()) co_return Result<void>{};
    process::Spawn spawn{
        process_name(event),
        command_of(script),
        settings_.scripts.user,
        std::move(environment),
        batch::is_batch_file(script) ? std::filesystem::path(script).parent_path().string() : "/",
        fmt::format("{}/{} {}", settings_.group, settings_.name, event)};
    auto end = co_await process::run_command(settings_.keeper, std::move(spawn), limit);
    if (!end) co_return failure(end.error());
    if (!end->status.success())
      co_return failure(
          fmt::format("{} {}", script, process::describe(end->status, end->last_line)));
    co_return Result<void>{};
  }

  Task<Result<void>> run_stop(StepOptions options) {
    co_return co_await run("stop", settings_.scripts.stop, options.stop_limit,
                           std::move(options.environment));
  }

  // Before the stop script runs, the start script must not run any more.
  Task<Result<void>> break_off_tell() {
    if (!telling_) co_return Result<void>{};
    broken_off_ = true;
    if (auto ended = co_await end_leftovers_of("tell"); !ended) co_return ended;
    while (telling_) co_await wait_for(kLookAgain);
    co_return Result<void>{};
  }

  // A stop's success is a proof, so nothing of any script may be left.
  Task<Result<void>> end_leftovers() {
    for (const char* event : {"start", "tell", "stop"})
      if (auto ended = co_await end_leftovers_of(event); !ended) co_return ended;
    co_return Result<void>{};
  }

  Task<Result<void>> end_leftovers_of(std::string event) {
    auto stopped = co_await settings_.keeper.stop(
        process::Stop{process_name(event), SIGKILL, core::milliseconds{}});
    if (!stopped) co_return failure(stopped.error());
    co_return Result<void>{};
  }

  ScriptSettings settings_;
  bool telling_ = false;
  bool broken_off_ = false;
};

}  // namespace

std::unique_ptr<Resource> make_script(ScriptSettings settings) {
  return std::make_unique<ScriptResource>(std::move(settings));
}

}  // namespace tasuki::resource
