#include "cluster/cli/child.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"

namespace tasuki::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A command that was asked to end has this long to do so.
constexpr auto kEndLimit = 5s;
constexpr int kCannotStart = 127;
constexpr int kSignalled = 128;

// The signals that ask this process to end, taken from a descriptor while it exists.
class EndSignals {
 public:
  EndSignals() {
    ::sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals_, number);
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
    fd_ = Fd(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  ~EndSignals() { restore(); }
  void restore() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  Fd fd_;
};

int status_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : kSignalled + info.si_status;
}

// The child's end, if it came within the time.
bool wait_for_end(int pidfd, int signals, std::chrono::milliseconds time, bool& asked) {
  pollfd entries[] = {{pidfd, POLLIN, 0}, {signals, POLLIN, 0}};
  const auto until = Clock::now() + time;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return false;
    if (::poll(entries, 2, static_cast<int>(left.count())) < 0) continue;
    if (entries[0].revents != 0) return true;
    if (entries[1].revents != 0) {
      asked = true;
      // Taken, lest it ends this process as soon as it is no longer blocked.
      signalfd_siginfo taken{};
      while (::read(signals, &taken, sizeof taken) > 0) {
      }
      return false;
    }
  }
}

int end_child(pid_t pid, int pidfd) {
  siginfo_t info{};
  ::kill(pid, SIGTERM);
  pollfd entry{pidfd, POLLIN, 0};
  const auto limit = std::chrono::milliseconds(kEndLimit).count();
  if (::poll(&entry, 1, static_cast<int>(limit)) <= 0) ::kill(pid, SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  return status_of(info);
}

}  // namespace

Error become_child(const ChildCommand& child) {
  for (const auto& [name, value] : child.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& word : child.command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments.front(), arguments.data());
  return errno_failure("run " + child.command.front()).error();
}

Result<ChildEnd> run_child(const ChildCommand& child, std::chrono::milliseconds interval,
                           const std::function<bool()>& go_on) {
  const EndSignals signals;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_failure("fork");
  if (pid == 0) {
    signals.restore();
    // It must not work on where the services run again because its parent was killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kCannotStart);
    fmt::print(stderr, "{}\n", become_child(child).what);
    ::_exit(kCannotStart);
  }
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  bool asked = false;
  while (!wait_for_end(pidfd.get(), signals.fd(), interval, asked))
    if (asked || !go_on()) return ChildEnd{end_child(pid, pidfd.get()), true};
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  return ChildEnd{status_of(info), false};
}

}  // namespace tasuki::cli
