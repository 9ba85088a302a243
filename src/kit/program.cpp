#include "kit/program.hpp"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"
#include "kit/text.hpp"

namespace tasuki {
namespace {

constexpr milliseconds kTimeToEnd{2000};  // between asking a program to end and killing it
constexpr int kCannotExecute = 127;       // as a shell says it
constexpr size_t kKeptOutput = 4096;      // of the end of what it printed

// In the child, where only async-signal-safe calls are allowed.
[[noreturn]] void execute(char* const* arguments, int output, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // prctl(2): tied to the thread that started it. What repairs a file system must not go on when
  // nobody knows of it any more.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotExecute);  // it died before
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0) ::_exit(kCannotExecute);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(kCannotExecute);
}

// Waits until the program has closed its output or the deadline has come; true for the former.
bool read_output(const Fd& output, Deadline deadline, std::string& text) {
  for (;;) {
    pollfd waiting{.fd = output.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left_until(deadline).count())) == 0) return false;
    char buffer[4096];
    const ssize_t got = ::read(output.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > kKeptOutput) text.erase(0, text.size() - kKeptOutput);
  }
}

std::string last_line_of(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(text.rfind('\n') + 1)));
}

}  // namespace

Result<ProgramEnd> run_program(std::vector<std::string> command, Deadline deadline) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  const Fd output(ends[0]);
  Fd input(ends[1]);
  std::vector<char*> arguments;
  for (auto& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return errno_failure("start " + command[0]);
  if (child == 0) execute(arguments.data(), input.get(), parent);
  input.reset();

  std::string text;
  const bool ended = read_output(output, deadline, text);
  if (!ended) {
    ::kill(child, SIGTERM);
    if (!read_output(output, after(kTimeToEnd), text)) ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended)
    return failure(fmt::format("{} did not end in time; it was stopped", command[0]), ETIMEDOUT);
  if (WIFSIGNALED(status))
    return failure(fmt::format("{} was ended by signal {}", command[0], WTERMSIG(status)));
  return ProgramEnd{WEXITSTATUS(status), last_line_of(text)};
}

Result<void> run_to_success(std::vector<std::string> command, Deadline deadline) {
  const std::string name = command[0];
  const auto end = run_program(std::move(command), deadline);
  if (!end) return failure(end.error());
  if (end->code == 0) return {};
  if (end->code == kCannotExecute && end->last_line.empty())
    return failure(fmt::format("{} cannot be run; is it installed?", name));
  return failure(fmt::format("{} exited with code {}{}{}", name, end->code,
                             end->last_line.empty() ? "" : ", saying: ", end->last_line));
}

}  // namespace tasuki
