#include "cluster/process/child.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/default_path.hpp"

namespace tasuki::process {
namespace {

constexpr int kExitNotStarted = 127;  // as shells have it

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  // Only the keeper's end must never block; the child's is an ordinary standard output.
  if (::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0) return errno_failure("fcntl");
  return pipe;
}

// fork() into a cgroup, with a pidfd; the pid is 0 in the child (clone3(2)). The keeper has one
// thread, so its copy may use the whole C library.
Result<pid_t> fork_process(int cgroup_fd, Fd& pidfd) {
  int fd = -1;
  clone_args args{};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uintptr_t>(&fd);
  args.exit_signal = SIGCHLD;
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup_fd);
  }
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return errno_failure("clone3");
  if (pid > 0) pidfd = Fd(fd);
  return static_cast<pid_t>(pid);
}

// Signals as a fresh program expects them: none blocked, none ignored.
void restore_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
}

Result<void> redirect_streams(int output) {
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) return errno_failure("open /dev/null");
  if (::dup2(null, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(output, STDERR_FILENO) < 0)
    return errno_failure("redirect the standard streams");
  return {};
}

Result<void> become_user(const Spawn& spawn) {
  const Identity& user = spawn.identity;
  if (::setgroups(user.groups.size(), user.groups.data()) != 0 || ::setgid(user.gid) != 0 ||
      ::setuid(user.uid) != 0)
    return errno_failure(fmt::format("become the user \"{}\"", spawn.user));
  return {};
}

// What execve(2) wants, made before the fork: each page that the child is the first to touch costs
// it a fault, and it may have to share its processor with Corosync.
class Program {
 public:
  explicit Program(const Spawn& spawn)
      : spawn_(spawn), folder_(spawn.working_directory.empty() ? "/" : spawn.working_directory) {
    auto environment = spawn.environment;
    environment.try_emplace("PATH", kDefaultPath);
    environment.try_emplace("HOME", spawn.identity.home);
    environment.try_emplace("USER", spawn.user);
    settings_.reserve(environment.size());
    for (const auto& [name, value] : environment)
      settings_.push_back(fmt::format("{}={}", name, value));
    for (std::string& setting : settings_) variables_.push_back(setting.data());
    variables_.push_back(nullptr);
    for (const auto& argument : spawn.command)
      arguments_.push_back(const_cast<char*>(argument.c_str()));
    arguments_.push_back(nullptr);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The child's way to its program; returns only when there is no way.
  [[nodiscard]] Result<void> execute(int output) const {
    ::setsid();
    restore_signals();
    ::umask(022);
    if (auto done = redirect_streams(output); !done) return done;
    if (auto done = become_user(spawn_); !done) return done;
    // After the change of user, so that a folder the user may not enter is an error here.
    if (::chdir(folder_.c_str()) != 0)
      return errno_failure("enter the working directory " + folder_);
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    // execvpe also runs a script without a first line "#!", as a shell would.
    ::execvpe(arguments_.front(), arguments_.data(), variables_.data());
    return errno_failure("run " + spawn_.command.front());
  }

 private:
  const Spawn& spawn_;
  const std::string folder_;
  std::vector<std::string> settings_;
  std::vector<char*> variables_;
  std::vector<char*> arguments_;
};

[[noreturn]] void report_and_end(const Result<void>& result, int report) {
  if (result) ::_exit(EXIT_SUCCESS);
  // The parent may be gone; then nobody wants to know.
  [[maybe_unused]] const auto written =
      ::write(report, result.error().what.data(), result.error().what.size());
  ::_exit(kExitNotStarted);
}

}  // namespace

Result<Child> start_program(const Spawn& spawn, int cgroup_fd) {
  auto output = make_pipe();
  if (!output) return failure(output.error());
  auto report = make_pipe();
  if (!report) return failure(report.error());
  const Program program(spawn);
  Child child;
  const auto pid = fork_process(cgroup_fd, child.pidfd);
  if (!pid) return failure(pid.error());
  if (*pid == 0) report_and_end(program.execute(output->write_end.get()), report->write_end.get());
  child.pid = *pid;
  child.output = std::move(output->read_end);
  child.report = std::move(report->read_end);
  return child;
}

Result<Child> start_function(const std::function<Result<void>()>& function) {
  auto report = make_pipe();
  if (!report) return failure(report.error());
  Child child;
  const auto pid = fork_process(-1, child.pidfd);
  if (!pid) return failure(pid.error());
  if (*pid == 0) {
    restore_signals();
    report_and_end(function(), report->write_end.get());
  }
  child.pid = *pid;
  child.report = std::move(report->read_end);
  return child;
}

ExitStatus reap(const Child& child) {
  siginfo_t info{};
  const auto fd = static_cast<id_t>(child.pidfd.get());
  while (::waitid(P_PIDFD, fd, &info, WEXITED) != 0) TASUKI_ASSERT(errno == EINTR);
  if (info.si_code == CLD_EXITED) return {ExitStatus::How::code, info.si_status};
  return {ExitStatus::How::signal, info.si_status};
}

void reap_orphans(const std::function<bool(pid_t)>& is_own_child) {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    // Its pidfd tells of it next, and then this is called again for those behind it.
    if (is_own_child(info.si_pid)) return;
    ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

}  // namespace tasuki::process
