#include "cluster/resource/service/service.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "cluster/process/run_command.hpp"
#include "cluster/resource/service/http_probe.hpp"
#include "cluster/resource/service/notify_socket.hpp"
#include "cluster/resource/service/tcp_probe.hpp"
#include "cluster/systemd/slice.hpp"
#include "kit/duration.hpp"
#include "kit/log.hpp"
#include "kit/mount_table.hpp"

namespace tasuki::resource {
namespace {

using core::milliseconds;
using process::Moment;
using namespace std::chrono_literals;

// Between two looks at a service that starts: most are up within milliseconds, a few take long.
constexpr milliseconds kFirstPause = 1ms;
constexpr milliseconds kLongestPause = 50ms;
// A service on this node accepts or refuses a connection at once.
constexpr milliseconds kConnectLimit = 1s;
// One that builds its first page may think for a while.
constexpr milliseconds kAnswerLimit = 10s;
constexpr const char* kLoopback = "127.0.0.1";

// One run of a readiness command.
Task<Result<void>> run_check(process::KeeperClient& keeper, process::Spawn check,
                             milliseconds limit) {
  const std::string program = check.command.front();
  auto end = co_await process::run_command(keeper, std::move(check), limit);
  if (!end) co_return failure(end.error());
  if (!end->status.success())
    co_return failure(
        fmt::format("{} {}", program, process::describe(end->status, end->last_line)));
  co_return Result<void>{};
}

std::string own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

class ServiceResource final : public Resource {
 public:
  ServiceResource(ServiceSettings settings, FaultHandler fault)
      : settings_(std::move(settings)), configured_(settings_.service), fault_(std::move(fault)) {
    if (settings_.unit_program.empty()) settings_.unit_program = own_folder() + "/tasuki-unit";
  }

  Task<Result<void>> start(StepOptions options) override;
  Task<Result<void>> stop(StepOptions options) override;
  Task<Result<bool>> adopt() override;

 private:
  [[nodiscard]] process::ProcessName process_name() const {
    return {settings_.group.value, "service." + settings_.service.name.value};
  }
  [[nodiscard]] std::string notify_path() const {
    return fmt::format("{}/{}.{}", settings_.notify_folder, settings_.group,
                       settings_.service.name);
  }
  [[nodiscard]] process::Spawn spawn_of(std::vector<std::string> command) const;
  [[nodiscard]] std::string reason() const {
    return fmt::format("{} {}", settings_.service.name, process::describe(*exit_, last_line_));
  }

  [[nodiscard]] Result<void> check_partition() const;
  void watch();
  void on_exit(const process::Exited& exited);
  Task<Result<void>> bring_up(milliseconds limit);
  Task<Result<void>> take_down(milliseconds limit);
  Task<Result<void>> spawn();
  // Each returns when the service is ready; failure when it ended or the deadline came.
  Task<Result<void>> wait_ready(core::ReadyWhenStarted, Moment deadline);
  Task<Result<void>> wait_ready(core::ReadyWhenConnects ready, Moment deadline);
  Task<Result<void>> wait_ready(core::ReadyWhenHttpAnswers ready, Moment deadline);
  Task<Result<void>> wait_ready(core::ReadyWhenCommandSucceeds ready, Moment deadline);
  Task<Result<void>> wait_ready(core::ReadyWhenNotified, Moment deadline);
  template <class Attempt>
  Task<Result<void>> repeat(Attempt attempt, Moment deadline);
  [[nodiscard]] std::string address_or_default(const std::string& address) const {
    if (!address.empty()) return address;
    return settings_.default_address.empty() ? kLoopback : settings_.default_address;
  }
  [[nodiscard]] Result<void> not_ready(const std::string& why) const;

  ServiceSettings settings_;
  core::Service configured_;  // with the references that settings_ has replaced
  FaultHandler fault_;
  process::KeeperClient::Watch watch_;
  std::map<std::string, std::string> environment_;
  milliseconds start_limit_{};  // of the last start
  std::optional<process::ExitStatus> exit_;
  std::string last_line_;
  bool up_ = false;
  std::optional<NotifySocket> notify_;
};

Task<Result<void>> ServiceResource::start(StepOptions options) {
  if (settings_.resolve) {
    auto resolved = settings_.resolve(configured_);
    if (!resolved) co_return failure(resolved.error());
    settings_.service = std::move(*resolved);
  }
  environment_ = settings_.service.environment;
  environment_.merge(options.environment);
  start_limit_ = options.start_limit;
  if (auto may_start = check_partition(); !may_start) co_return may_start;
  // Whatever an earlier start left would hold the same files and ports.
  if (auto down = co_await take_down(options.stop_limit); !down) co_return down;
  auto up = co_await bring_up(start_limit_);
  notify_.reset();
  if (up) {
    up_ = true;
    co_return up;
  }
  if (const auto down = co_await take_down(options.stop_limit); !down)
    up = failure(up.error().what + "; and then: " + down.error().what, ENOTRECOVERABLE);
  co_return up;
}

Task<Result<void>> ServiceResource::stop(StepOptions options) {
  auto down = co_await take_down(options.stop_limit);
  co_return down;
}

Task<Result<bool>> ServiceResource::adopt() {
  if (!settings_.keeper.find_running(process_name())) co_return false;
  watch();
  up_ = true;
  co_return true;
}

// Started without its partition it would begin anew on the folder below the mount point, and later
// be thought to have lost everything.
Result<void> ServiceResource::check_partition() const {
  const std::string& needed = settings_.service.require_partition;
  if (needed.empty()) return {};
  const auto table = read_mount_table();
  if (!table) return failure(table.error());
  if (std::ranges::find(*table, needed, &Mount::mount_point) != table->end()) return {};
  return failure(fmt::format(
      "{} needs the partition at {}, which group {} has not mounted on this server; it is not "
      "started",
      settings_.service.name, needed, settings_.group));
}

void ServiceResource::watch() {
  exit_.reset();
  last_line_.clear();
  watch_ = settings_.keeper.watch(process_name(),
                                  {[this](const process::Exited& exited) { on_exit(exited); },
                                   [this](const std::string& line) { last_line_ = line; }});
}

void ServiceResource::on_exit(const process::Exited& exited) {
  exit_ = exited.status;
  if (settings_.on_exit) settings_.on_exit(exited.status);
  if (notify_) notify_->cancel();
  if (std::exchange(up_, false)) fault_(reason());
}

Task<Result<void>> ServiceResource::take_down(milliseconds limit) {
  up_ = false;
  watch_.reset();
  auto stopped = co_await settings_.keeper.stop(
      process::Stop{process_name(), settings_.service.stop_signal, limit});
  if (!stopped) co_return failure(stopped.error().during("stop " + settings_.service.name.value));
  if (stopped->forced)
    log::warning("{} did not stop within {} and was killed", settings_.service.name,
                 format_duration(limit));
  co_return Result<void>{};
}

Task<Result<void>> ServiceResource::bring_up(milliseconds limit) {
  const Moment deadline = std::chrono::steady_clock::now() + limit;
  if (std::holds_alternative<core::ReadyWhenNotified>(settings_.service.ready)) {
    auto notify = NotifySocket::open(co_await asio::this_coro::executor, notify_path(),
                                     settings_.service.user);
    if (!notify) co_return failure(notify.error());
    notify_.emplace(std::move(*notify));
  }
  if (auto spawned = co_await spawn(); !spawned) co_return spawned;
  auto ready = co_await std::visit([&](const auto& how) { return wait_ready(how, deadline); },
                                   settings_.service.ready);
  if (ready && exit_) co_return failure(reason());
  co_return ready;
}

Task<Result<void>> ServiceResource::spawn() {
  watch();
  const core::Service& service = settings_.service;
  process::Spawn spawn = spawn_of(service.command);
  if (!service.unit.empty()) {
    spawn.slice = systemd::slice_of(settings_.group.value, service.name.value);
    spawn.command = {settings_.unit_program, service.unit, spawn.slice};
    // Systemd says what the unit gets; a group's PATH is not where root looks for systemctl.
    spawn.environment.clear();
  }
  if (notify_) spawn.environment["NOTIFY_SOCKET"] = notify_path();
  auto spawned = co_await settings_.keeper.spawn(std::move(spawn));
  if (!spawned) co_return failure(spawned.error());
  co_return Result<void>{};
}

process::Spawn ServiceResource::spawn_of(std::vector<std::string> command) const {
  const core::Service& service = settings_.service;
  return {process_name(), std::move(command),        service.user,
          environment_,   service.working_directory, service.name.value};
}

// --- Readiness ----------------------------------------------------------------------------------

Result<void> ServiceResource::not_ready(const std::string& why) const {
  if (exit_) return failure(reason());
  return failure(fmt::format("{} was not ready within {}: {}", settings_.service.name,
                             format_duration(start_limit_), why));
}

// Calls `attempt` until it succeeds, more and more rarely.
template <class Attempt>
Task<Result<void>> ServiceResource::repeat(Attempt attempt, Moment deadline) {
  for (milliseconds pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    auto done = co_await attempt(std::max(left, kFirstPause));
    if (done) co_return done;
    if (exit_ || left <= pause) co_return not_ready(done.error().what);
    co_await wait_for(pause);
  }
}

Task<Result<void>> ServiceResource::wait_ready(core::ReadyWhenStarted, Moment) {
  co_return Result<void>{};
}

Task<Result<void>> ServiceResource::wait_ready(core::ReadyWhenConnects ready, Moment deadline) {
  ready.address = address_or_default(ready.address);
  const auto attempt = [&ready](milliseconds left) {
    return probe_tcp(ready.address, ready.port, std::min(left, kConnectLimit));
  };
  auto connected = co_await repeat(attempt, deadline);
  co_return connected;
}

Task<Result<void>> ServiceResource::wait_ready(core::ReadyWhenHttpAnswers ready, Moment deadline) {
  ready.address = address_or_default(ready.address);
  const auto attempt = [&ready](milliseconds left) {
    return probe_http(ready.address, ready.port, ready.path, std::min(left, kAnswerLimit));
  };
  auto answered = co_await repeat(attempt, deadline);
  co_return answered;
}

Task<Result<void>> ServiceResource::wait_ready(core::ReadyWhenCommandSucceeds ready,
                                               Moment deadline) {
  process::Spawn check = spawn_of(std::move(ready.command));
  check.name.key += ".ready";
  const auto attempt = [this, &check](milliseconds left) {
    return run_check(settings_.keeper, check, left);
  };
  auto succeeded = co_await repeat(attempt, deadline);
  co_return succeeded;
}

Task<Result<void>> ServiceResource::wait_ready(core::ReadyWhenNotified, Moment deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  if (!exit_ && co_await notify_->wait_ready(left)) co_return Result<void>{};
  co_return not_ready("it did not say READY=1");
}

}  // namespace

std::unique_ptr<Resource> make_service(ServiceSettings settings, FaultHandler fault) {
  return std::make_unique<ServiceResource>(std::move(settings), std::move(fault));
}

}  // namespace tasuki::resource
