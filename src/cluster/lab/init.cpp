#include "cluster/lab/init.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <ranges>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/command.hpp"
#include "cluster/lab/namespaces.hpp"
#include "cluster/lab/note.hpp"
#include "kit/fd.hpp"

namespace tasuki::lab {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// systemd's RestartSec default.
constexpr auto kRestartDelay = 100ms;
// In which a program that was told to end does so; after that it is killed.
constexpr auto kStopLimit = 10s;
constexpr int kCannotStart = 127;

struct Supervised {
  Program program;
  pid_t pid = 0;  // 0: not running
  Clock::time_point start_at;
};

[[noreturn]] void become(const Program& program, const std::string& log_folder) {
  reset_signals();
  ::setsid();
  const std::string log = fmt::format("{}/{}.log", log_folder, program.name);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  const int input = ::open("/dev/null", O_RDONLY);
  if (output < 0 || input < 0) ::_exit(kCannotStart);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execvp(program.command[0].c_str(), exec_arguments(program.command).data());
  fmt::print(stderr, "{}: {}\n", program.command[0], std::strerror(errno));
  ::_exit(kCannotStart);
}

class Init {
 public:
  Init(const std::vector<Program>& programs, std::string log_folder)
      : log_folder_(std::move(log_folder)) {
    for (const auto& program : programs) programs_.push_back({program, 0, Clock::now()});
    sigset_t handled;
    ::sigemptyset(&handled);
    ::sigaddset(&handled, SIGCHLD);
    ::sigaddset(&handled, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &handled, nullptr);
    signals_ = Fd(::signalfd(-1, &handled, SFD_CLOEXEC));
  }

  int run() {
    for (;;) {
      start_due();
      const auto signal = wait_for_signal(next_start());
      if (signal == SIGTERM) return stop_all();
      if (const auto failed = reap()) {
        note("{} ended, which ends the host", *failed);
        return kHostFailed;
      }
    }
  }

 private:
  void start_due() {
    for (auto& entry : programs_) {
      if (entry.pid != 0 || entry.start_at > Clock::now()) continue;
      const pid_t pid = ::fork();
      if (pid == 0) become(entry.program, log_folder_);
      if (pid > 0) entry.pid = pid;
      entry.start_at = Clock::now() + kRestartDelay;
    }
  }

  [[nodiscard]] std::optional<Clock::time_point> next_start() const {
    std::optional<Clock::time_point> next;
    for (const auto& entry : programs_)
      if (entry.pid == 0 && (!next || entry.start_at < *next)) next = entry.start_at;
    return next;
  }

  // The signal that came, or 0 at `until`.
  int wait_for_signal(std::optional<Clock::time_point> until) {
    int timeout = -1;
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
      timeout = static_cast<int>(std::max<int64_t>(left.count(), 0));
    }
    pollfd entry{signals_.get(), POLLIN, 0};
    if (::poll(&entry, 1, timeout) <= 0) return 0;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return 0;
    return static_cast<int>(info.ssi_signo);
  }

  // Reaps all that ended; the name of a program whose end is the host's.
  std::optional<std::string> reap() {
    std::optional<std::string> failed;
    for (pid_t pid; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
      const auto entry = std::ranges::find(programs_, pid, &Supervised::pid);
      if (entry == programs_.end()) continue;
      entry->pid = 0;
      entry->start_at = Clock::now() + kRestartDelay;
      if (entry->program.ends_host) failed = entry->program.name;
    }
    return failed;
  }

  // What the programs leave behind ends with this process, the first of its PID namespace.
  int stop_all() {
    for (auto& entry : programs_ | std::views::reverse) {
      const auto deadline = Clock::now() + kStopLimit;
      if (entry.pid != 0) ::kill(entry.pid, SIGTERM);
      while (entry.pid != 0 && Clock::now() < deadline) {
        wait_for_signal(deadline);
        reap();
      }
    }
    return 0;
  }

  std::string log_folder_;
  std::vector<Supervised> programs_;
  Fd signals_;
};

}  // namespace

int run_host_programs(const std::vector<Program>& programs, const std::string& log_folder) {
  return Init(programs, log_folder).run();
}

}  // namespace tasuki::lab
