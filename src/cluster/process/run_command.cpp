#include "cluster/process/run_command.hpp"

#include <csignal>

#include <fmt/format.h>

#include "kit/duration.hpp"

namespace tasuki::process {
namespace {

// Shared with the handlers of the watch.
struct Progress {
  asio::steady_timer ended;
  std::optional<ExitStatus> status;
  std::string last_line;
};

}  // namespace

std::string describe(const ExitStatus& status, const std::string& last_line) {
  if (last_line.empty()) return describe(status);
  return fmt::format("{}, saying: {}", describe(status), last_line);
}

Task<Result<CommandEnd>> run_command(KeeperClient& keeper, Spawn spawn, milliseconds limit) {
  auto progress = std::make_shared<Progress>(
      Progress{asio::steady_timer(co_await asio::this_coro::executor, limit), {}, {}});
  ProcessHandlers handlers{[progress](const Exited& exited) {
                             progress->status = exited.status;
                             progress->ended.cancel();
                           },
                           [progress](const std::string& line) { progress->last_line = line; }};
  const auto watch = keeper.watch(spawn.name, std::move(handlers));

  auto spawned = co_await keeper.spawn(spawn);
  if (!spawned) co_return failure(spawned.error());
  if (!progress->status) {
    boost::system::error_code ignored;
    co_await progress->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (progress->status) co_return CommandEnd{*progress->status, progress->last_line};

  auto killed = co_await keeper.stop(Stop{spawn.name, SIGKILL, milliseconds{}});
  if (!killed) co_return failure(killed.error());
  co_return failure(fmt::format(
      "{} did not end within {} and was killed{}", spawn.command.front(), format_duration(limit),
      progress->last_line.empty() ? std::string() : ", having said: " + progress->last_line));
}

}  // namespace tasuki::process
