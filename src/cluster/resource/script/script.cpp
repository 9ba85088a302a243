#include "cluster/resource/script/script.hpp"

#include <cerrno>
#include <csignal>

#include <fmt/format.h>

#include "cluster/process/run_command.hpp"

namespace tasuki::resource {
namespace {

class ScriptResource final : public Resource {
 public:
  explicit ScriptResource(ScriptSettings settings) : settings_(std::move(settings)) {}

  Task<Result<void>> start(StepOptions options) override {
    auto done =
        co_await run("start", settings_.scripts.start, options.start_limit, options.environment);
    if (done) co_return done;
    if (const auto undone = co_await stop(std::move(options)); !undone)
      done = failure(done.error().what + "; and then: " + undone.error().what, ENOTRECOVERABLE);
    co_return done;
  }

  Task<Result<void>> stop(StepOptions options) override {
    const auto done = co_await run("stop", settings_.scripts.stop, options.stop_limit,
                                   std::move(options.environment));
    if (!done) settings_.warn(done.error().what);
    // Success is a proof, so nothing of either script may be left.
    if (auto ended = co_await end_leftovers("start"); !ended) co_return ended;
    co_return co_await end_leftovers("stop");
  }

  Task<Result<void>> tell(StepOptions options) override {
    co_return co_await run("start", settings_.scripts.start, options.start_limit,
                           std::move(options.environment));
  }

  // What a script did cannot be looked at; the group's note says that it was done.
  Task<Result<bool>> adopt() override { co_return true; }

 private:
  [[nodiscard]] process::ProcessName process_name(const std::string& event) const {
    return {settings_.group.value, fmt::format("script.{}.{}", settings_.name, event)};
  }

  Task<Result<void>> run(std::string event, std::string script, core::milliseconds limit,
                         std::map<std::string, std::string> environment) {
    if (script.empty()) co_return Result<void>{};
    process::Spawn spawn{process_name(event),
                         {script},
                         settings_.scripts.user,
                         std::move(environment),
                         "/",
                         fmt::format("{}/{} {}", settings_.group, settings_.name, event)};
    auto end = co_await process::run_command(settings_.keeper, std::move(spawn), limit);
    if (!end) co_return failure(end.error());
    if (!end->status.success())
      co_return failure(
          fmt::format("{} {}", script, process::describe(end->status, end->last_line)));
    co_return Result<void>{};
  }

  Task<Result<void>> end_leftovers(std::string event) {
    auto stopped = co_await settings_.keeper.stop(
        process::Stop{process_name(event), SIGKILL, core::milliseconds{}});
    if (!stopped) co_return failure(stopped.error());
    co_return Result<void>{};
  }

  ScriptSettings settings_;
};

}  // namespace

std::unique_ptr<Resource> make_script(ScriptSettings settings) {
  return std::make_unique<ScriptResource>(std::move(settings));
}

}  // namespace tasuki::resource
