#include "cluster/lab/namespaces.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/command.hpp"
#include "cluster/lab/note.hpp"
#include "kit/file.hpp"

namespace tasuki::lab {
namespace {

// As shells report a command that cannot be started.
constexpr int kNotFoundStatus = 127;
constexpr int kSignalStatus = 128;

constexpr int kHostNamespaces =
    CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

int shell_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) return kSignalStatus + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

void ignore_keyboard_signals() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
}

// A process is born with the words of its parent, here `tasuki lab exec HOST -- COMMAND`, in which
// a `pkill -f` in the host would find what it looks for. They lie behind each other from argv[0]
// on.
void forget_command_line() {
  const auto words = read_file("/proc/self/cmdline");
  if (!words) return fmt::print(stderr, "{}\n", words.error().what);
  std::memset(program_invocation_name, 0, words->size());
  ::prctl(PR_SET_NAME, "lab-exec");
}

[[noreturn]] void execute(const std::vector<std::string>& command) {
  reset_signals();
  if (auto dropped = drop_machine_capabilities(); !dropped) {
    fmt::print(stderr, "{}\n", dropped.error().what);
    ::_exit(kNotFoundStatus);
  }
  ::execvp(command[0].c_str(), exec_arguments(command).data());
  fmt::print(stderr, "{}: {}\n", command[0], std::strerror(errno));
  ::_exit(kNotFoundStatus);
}

// Second process of run_inside(), a child of the host's first process: runs the command and tells
// its status. It dies with the host like everything in it.
[[noreturn]] void watch_command(const std::vector<std::string>& command, int status_pipe) {
  const pid_t pid = ::fork();
  if (pid == 0) execute(command);
  ignore_keyboard_signals();
  int status = 0;
  if (pid > 0 && ::waitpid(pid, &status, 0) == pid) {
    status = shell_status(status);
    [[maybe_unused]] const auto written = ::write(status_pipe, &status, sizeof status);
  }
  ::_exit(0);
}

// First process of run_inside(): joins the host and ends at once, so that the host's first process,
// which always reaps, becomes the parent of what follows. A parent outside could be stopped or
// slow, and its unreaped child would keep the host's PID namespace from ending.
[[noreturn]] void join_host(int pidfd, int cgroup_processes,
                            const std::vector<std::string>& command, int status_pipe) {
  forget_command_line();
  const bool joined =
      ::write(cgroup_processes, "0", 1) == 1 && ::setns(pidfd, kHostNamespaces) == 0;
  if (!joined) {
    fmt::print(stderr, "enter the host: {}\n", std::strerror(errno));
    ::_exit(kNotFoundStatus);
  }
  const pid_t pid = ::fork();
  if (pid == 0) watch_command(command, status_pipe);
  ::_exit(pid < 0 ? kNotFoundStatus : 0);
}

}  // namespace

Result<Child> start_in_namespaces(uint64_t flags, const std::string& cgroup,
                                  const std::function<int()>& body) {
  Fd folder;
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (!cgroup.empty()) {
    folder = Fd(::open(cgroup.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return errno_failure("open " + cgroup);
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(folder.get());
  }
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) return errno_failure("make namespaces");
  if (pid == 0) ::_exit(body());
  return Child{static_cast<pid_t>(pid), Fd(pidfd)};
}

void keep_only(std::vector<Fd*> keep) {
  std::ranges::sort(keep, {}, [](const Fd* fd) { return fd->get(); });
  unsigned next = STDERR_FILENO + 1;
  for (const Fd* fd : keep) {
    const auto kept = static_cast<unsigned>(fd->get());
    if (kept > next) ::close_range(next, kept - 1, 0);
    next = kept + 1;
  }
  ::close_range(next, ~0U, 0);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<void> drop_machine_capabilities() {
  for (const int capability : {CAP_SYS_BOOT, CAP_SYS_MODULE, CAP_SYS_TIME, CAP_MKNOD})
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return errno_failure("give up a capability");
  return {};
}

Result<int> run_inside(int pidfd, const std::string& cgroup,
                       const std::vector<std::string>& command) {
  const std::string processes = cgroup + "/cgroup.procs";
  const Fd cgroup_processes(::open(processes.c_str(), O_WRONLY | O_CLOEXEC));
  if (!cgroup_processes) return errno_failure("open " + processes);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  const Fd status_end(ends[0]);
  Fd write_end(ends[1]);

  if (::setns(pidfd, CLONE_NEWPID) != 0) return errno_failure("enter the host");
  const pid_t pid = ::fork();
  if (pid < 0) return failure("the host is off");
  if (pid == 0) join_host(pidfd, cgroup_processes.get(), command, write_end.get());
  write_end.reset();
  ignore_keyboard_signals();
  int joined = 0;
  while (::waitpid(pid, &joined, 0) < 0 && errno == EINTR) {
  }

  int status = 0;
  ssize_t got = 0;
  while ((got = ::read(status_end.get(), &status, sizeof status)) < 0 && errno == EINTR) {
  }
  if (got == sizeof status) return status;
  return failure("the host went off while the command ran");
}

}  // namespace tasuki::lab
