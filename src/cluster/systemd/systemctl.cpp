#include "cluster/systemd/systemctl.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::systemd {
namespace {

constexpr const char* kProperties =
    "LoadState,ActiveState,UnitFileState,Type,Slice,ControlGroup,Restart,Result,MainPID,"
    "ExecMainCode,ExecMainStatus,NeedDaemonReload,Job";

int number_of(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void set(Unit& unit, std::string_view key, std::string_view value) {
  if (key == "LoadState") unit.load = value;
  if (key == "ActiveState") unit.active = value;
  if (key == "UnitFileState") unit.file = value;
  if (key == "Type") unit.type = value;
  if (key == "Slice") unit.slice = value;
  if (key == "ControlGroup") unit.cgroup = value;
  if (key == "Restart") unit.restart = value;
  if (key == "Result") unit.result = value;
  if (key == "MainPID") unit.main = number_of(value);
  if (key == "ExecMainCode") unit.end = number_of(value);
  if (key == "ExecMainStatus") unit.status = number_of(value);
  if (key == "NeedDaemonReload") unit.reload_needed = value == "yes";
  if (key == "Job") unit.job = !value.empty() && value != "0";
}

// Starts systemctl with its standard output in `output`, or where the caller's goes.
Result<Command> spawn(std::vector<std::string> words, int output) {
  words.insert(words.begin(), "systemctl");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  // The caller has signals blocked, which are not for systemctl to miss.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  Command command;
  const int problem =
      ::posix_spawnp(&command.pid, "systemctl", &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return errno_failure("run systemctl", problem);
  command.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, command.pid, 0)));
  if (!command.pidfd) return errno_failure("open systemctl's pidfd");
  return command;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

Unit parse_unit(std::string_view text) {
  Unit unit;
  for (const std::string_view line : split(text, '\n')) {
    const size_t equals = line.find('=');
    if (equals != line.npos) set(unit, line.substr(0, equals), line.substr(equals + 1));
  }
  return unit;
}

bool is_running() {
  std::error_code ignored;
  return std::filesystem::is_directory("/run/systemd/system", ignored);
}

Result<Unit> show(const std::string& unit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const auto command = spawn({"show", "-p", kProperties, "--", unit}, to.get());
  to.reset();
  if (!command) return failure(command.error());
  const std::string text = read_all(from.get());
  if (auto done = finish(*command); !done) return failure(done.error());
  return parse_unit(text);
}

Result<Command> begin(const std::vector<std::string>& words) {
  return spawn(words, STDERR_FILENO);
}

Result<void> finish(const Command& command) {
  int status = 0;
  while (::waitpid(command.pid, &status, 0) < 0)
    if (errno != EINTR) return errno_failure("wait for systemctl");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status))
    return failure(fmt::format("systemctl was killed by signal {}", WTERMSIG(status)));
  return failure(fmt::format("systemctl exited with code {}", WEXITSTATUS(status)));
}

Result<void> run(const std::vector<std::string>& words) {
  const auto command = begin(words);
  if (!command) return failure(command.error());
  return finish(*command);
}

}  // namespace tasuki::systemd
