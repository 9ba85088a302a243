#include "cluster/lab/command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/fd.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

constexpr size_t kPipeBytes = 65536;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure("make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

}  // namespace

std::vector<char*> exec_arguments(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

Result<void> run_command(const std::vector<std::string>& command, std::string_view input) {
  TASUKI_ASSERT(!command.empty() && input.size() <= kPipeBytes);
  auto in = make_pipe();
  if (!in) return failure(in.error());
  auto out = make_pipe();
  if (!out) return failure(out.error());

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in->read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out->write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out->write.get(), STDERR_FILENO);
  pid_t pid = -1;
  const int spawned = ::posix_spawnp(&pid, command[0].c_str(), &actions, nullptr,
                                     exec_arguments(command).data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) return errno_failure("start " + command[0], spawned);

  in->read.reset();
  out->write.reset();
  // It fits the pipe, so this does not wait; a program that ended early is told of by its status.
  [[maybe_unused]] const auto written = ::write(in->write.get(), input.data(), input.size());
  in->write.reset();
  const std::string printed = read_to_end(out->read.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  // What went wrong comes first; some programs add their whole usage.
  return failure(fmt::format("{} failed: {}", command[0], split(trim(printed), '\n').front()));
}

}  // namespace tasuki::lab
