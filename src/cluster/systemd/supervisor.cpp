#include "cluster/systemd/supervisor.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/systemd/slice.hpp"
#include "cluster/systemd/systemctl.hpp"
#include "kit/cgroup_place.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"

namespace tasuki::systemd {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Between two looks at a unit that is on its way down, which no descriptor tells of.
constexpr int kLookAgainMilliseconds = 20;
// For what an earlier start left: it is killed, so only systemd itself takes time.
constexpr auto kLeftoversLimit = 5s;

class Supervisor {
 public:
  explicit Supervisor(const Supervised& supervised) : supervised_(supervised) {}

  Result<void> prepare();
  Result<void> start();
  // Waits until the unit is down or a signal asks for it; then it is down.
  Result<Unit> wait_for_end();
  [[nodiscard]] bool told_to_stop() const { return told_to_stop_; }

 private:
  [[nodiscard]] const std::string& name() const { return supervised_.unit; }
  [[nodiscard]] Result<void> check(const Unit& unit) const;
  [[nodiscard]] bool is_ours(const Unit& unit) const;
  Result<void> take_over();
  Result<void> clear_slice();
  Result<void> wait_for_signal_or(int fd, short events, int milliseconds);
  Result<void> stop_unit() const { return run({"stop", "--", name()}); }

  Supervised supervised_;
  std::string folder_;  // of the slice's cgroup
  Fd signals_;
  Fd main_;  // the pidfd of the unit's main process
  pid_t watched_ = 0;
  bool told_to_stop_ = false;
};

// Runtime settings are gone with the next boot, as everything of Tasuki's in /run.
std::string settings_of(const Supervised& supervised) {
  return fmt::format(
      "# Written by Tasuki, which starts this unit with its group and starts it again itself.\n"
      "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=no\nSlice={}\n",
      unit_of_slice(supervised.slice));
}

// Nothing is lost when nobody listens: the start counts by other means then.
void say_ready() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string_view text(path);
  if (text.size() >= sizeof address.sun_path) return;
  text.copy(address.sun_path, text.size());
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr std::string_view kReady = "READY=1";
  ::sendto(socket.get(), kReady.data(), kReady.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool has_ended(const Fd& pidfd) {
  pollfd poll{pidfd.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

// --- Before it runs -----------------------------------------------------------------------------

bool Supervisor::is_ours(const Unit& unit) const {
  return unit.cgroup.starts_with("/" + supervised_.slice + "/");
}

Result<void> Supervisor::check(const Unit& unit) const {
  if (unit.load == "not-found")
    return failure(fmt::format("systemd knows no unit {} on this server", name()));
  if (unit.load != "loaded")
    return failure(fmt::format("systemd says that the unit {} is {}", name(), unit.load));
  if (unit.file.starts_with("enabled"))
    return failure(
        fmt::format("the operating system starts the unit {} when it boots, and only its group "
                    "may: systemctl disable {}",
                    name(), name()));
  if (unit.type == "oneshot")
    return failure(
        fmt::format("the unit {} is a oneshot: it has no process to watch; run its "
                    "commands in a script instead",
                    name()));
  if (!unit.down() && !is_ours(unit))
    return failure(
        fmt::format("the unit {} is {} already, but not for this group: systemctl stop {}", name(),
                    unit.active, name()));
  return {};
}

Result<void> Supervisor::prepare() {
  if (!is_running())
    return failure(fmt::format(
        "systemd does not run on this server, so the unit {} cannot be started", name()));
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return errno_failure("sigprocmask");
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return errno_failure("signalfd");
  const auto place = find_cgroup_place();
  if (!place) return failure(place.error());
  folder_ = place->mount_point + "/" + supervised_.slice;

  const auto unit = show(name());
  if (!unit) return failure(unit.error());
  if (auto fine = check(*unit); !fine) return fine;
  if (auto ours = take_over(); !ours) return ours;
  return clear_slice();
}

// Puts the unit into its slice, and its restarts into Tasuki's hands.
Result<void> Supervisor::take_over() {
  const std::string slice(unit_of_slice(supervised_.slice));
  const std::string settings = fmt::format("/run/systemd/system/{}.d", name());
  const std::string file = settings + "/zzz-tasuki.conf";
  if (auto made = make_folders(settings); !made) return made;
  const std::string wanted = settings_of(supervised_);
  const bool written = read_file(file).value_or("") == wanted;
  if (!written)
    if (auto done = replace_file_durably(file, wanted, 0644); !done) return done;
  auto unit = show(name());
  if (unit && (!written || unit->reload_needed || unit->slice != slice)) {
    if (auto done = run({"daemon-reload"}); !done) return done;
    unit = show(name());
  }
  if (!unit) return failure(unit.error());
  if (unit->slice != slice || unit->restart != "no")
    return failure(
        fmt::format("another setting of the unit {} is stronger than {}: systemctl cat {}", name(),
                    file, name()));
  return {};
}

// Makes the slice, ends what an earlier start left in it, and lets processes run in it again.
Result<void> Supervisor::clear_slice() {
  const std::string slice(unit_of_slice(supervised_.slice));
  if (auto done = run({"start", "--", slice}); !done) return done;
  if (!std::filesystem::is_directory(folder_))
    return failure(fmt::format("systemd started {}, but its cgroup is not at {}", slice, folder_));
  const auto limit = Clock::now() + kLeftoversLimit;
  for (;;) {
    if (auto done = write_file(folder_ + "/cgroup.kill", "1"); !done) return done;
    const auto unit = show(name());
    if (!unit) return failure(unit.error());
    if (unit->down() && !unit->job) break;
    if (Clock::now() > limit)
      return failure(fmt::format("the unit {} is still {}", name(), unit->active));
    if (auto done = run({"stop", "--no-block", "--", name()}); !done) return done;
    ::poll(nullptr, 0, kLookAgainMilliseconds);
  }
  return write_file(folder_ + "/cgroup.freeze", "0");
}

// --- While it runs ------------------------------------------------------------------------------

Result<void> Supervisor::wait_for_signal_or(int fd, short events, int milliseconds) {
  std::array<pollfd, 3> polls{
      {{signals_.get(), POLLIN, 0}, {fd, events, 0}, {main_.get(), POLLIN, 0}}};
  if (::poll(polls.data(), polls.size(), milliseconds) < 0 && errno != EINTR)
    return errno_failure("poll");
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) told_to_stop_ = true;
  return {};
}

Result<void> Supervisor::start() {
  const auto starting = begin({"start", "--", name()});
  if (!starting) return failure(starting.error());
  siginfo_t ended{};
  while (!told_to_stop_ &&
         ::waitid(P_PID, static_cast<id_t>(starting->pid), &ended, WEXITED | WNOHANG | WNOWAIT) ==
             0 &&
         ended.si_pid == 0)
    if (auto waited = wait_for_signal_or(starting->pidfd.get(), POLLIN, -1); !waited) return waited;
  // This ends the start as well.
  if (told_to_stop_)
    if (auto stopped = stop_unit(); !stopped) return stopped;
  auto started = finish(*starting);
  if (told_to_stop_) return {};
  const auto unit = show(name());
  if (!unit) return failure(unit.error());
  if (!started)
    return failure(fmt::format("systemd could not start the unit {} ({}): journalctl -u {}", name(),
                               unit->result, name()));
  if (!unit->down() && !is_ours(*unit)) {
    // Never left running where the keeper could not end it.
    if (auto stopped = stop_unit(); !stopped) return stopped;
    return failure(
        fmt::format("systemd did not put the unit {} into {}", name(), supervised_.slice));
  }
  say_ready();
  return {};
}

Result<Unit> Supervisor::wait_for_end() {
  const Fd events(::open((folder_ + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) return errno_failure("open cgroup.events of " + folder_);
  for (;;) {
    // Reading waits for the next change; whatever is shown after that is no older.
    char unused[128];
    [[maybe_unused]] const ssize_t got = ::pread(events.get(), unused, sizeof unused, 0);
    auto unit = show(name());
    // Down with a job is on its way up again: `systemctl restart` by hand is no end.
    if (!unit || (unit->down() && (told_to_stop_ || !unit->job))) return unit;
    if (told_to_stop_) {
      if (auto stopped = stop_unit(); !stopped) return failure(stopped.error());
      continue;
    }
    if (unit->main != watched_) {
      // Looked at once more: only a process that is still the main one was surely the one opened.
      watched_ = unit->main;
      main_ = Fd(watched_ == 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, watched_, 0)));
      continue;
    }
    // Systemd hears of the main process's end no sooner than this one.
    if (main_ && has_ended(main_)) main_.reset();
    const bool settled = unit->up() && (watched_ == 0 || main_);
    if (auto waited =
            wait_for_signal_or(events.get(), POLLPRI, settled ? -1 : kLookAgainMilliseconds);
        !waited)
      return failure(waited.error());
  }
}

// --- Its end ------------------------------------------------------------------------------------

int end_as(const std::string& name, const Unit& unit) {
  if (unit.end == CLD_KILLED || unit.end == CLD_DUMPED) {
    fmt::print(stderr, "the unit {} ended: {}\n", name, unit.result);
    std::fflush(stderr);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::signal(unit.status, SIG_DFL);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, unit.status);
    ::raise(unit.status);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  }
  if (unit.result != "success") fmt::print(stderr, "the unit {} ended: {}\n", name, unit.result);
  if (unit.status != 0) return unit.status;
  return unit.result == "success" ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int supervise(const Supervised& supervised) {
  Supervisor supervisor(supervised);
  const auto told = [](const Error& error) {
    fmt::print(stderr, "{}\n", error.what);
    return EXIT_FAILURE;
  };
  if (auto ready = supervisor.prepare(); !ready) return told(ready.error());
  if (auto started = supervisor.start(); !started) return told(started.error());
  const auto unit = supervisor.wait_for_end();
  if (!unit) return told(unit.error());
  return supervisor.told_to_stop() ? EXIT_SUCCESS : end_as(supervised.unit, *unit);
}

}  // namespace tasuki::systemd
