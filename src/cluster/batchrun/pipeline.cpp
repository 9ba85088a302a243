#include "cluster/batchrun/pipeline.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "kit/fd.hpp"

namespace tasuki::batchrun {
namespace {

// What `for /f` reads of a command; more is cut.
constexpr size_t kOutputBytesMax = size_t{1} << 20;
constexpr int kCannotRun = 127;
constexpr int kSignalled = 128;
constexpr mode_t kNewFileMode = 0666;

Fd open_file(const Redirect& redirect) {
  switch (redirect.kind) {
    case Redirect::Kind::read:
      return Fd(::open(redirect.file.c_str(), O_RDONLY | O_CLOEXEC));
    case Redirect::Kind::write:
      return Fd(
          ::open(redirect.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kNewFileMode));
    case Redirect::Kind::append:
      return Fd(
          ::open(redirect.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kNewFileMode));
    case Redirect::Kind::duplicate:
      break;
  }
  return {};
}

Result<void> apply(const std::vector<Redirect>& redirects) {
  for (const Redirect& redirect : redirects) {
    if (redirect.kind == Redirect::Kind::duplicate) {
      if (::dup2(redirect.other, redirect.handle) < 0) return errno_failure("redirect");
      continue;
    }
    const Fd file = open_file(redirect);
    if (!file) return errno_failure("open " + redirect.file);
    if (::dup2(file.get(), redirect.handle) < 0) return errno_failure("redirect");
  }
  return {};
}

int execute(const std::vector<std::string>& command, const PipelineSettings& settings) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::vector<std::string> lines;
  for (const auto& [name, value] : settings.environment)
    lines.push_back(fmt::format("{}={}", name, value));
  std::vector<char*> variables;
  for (std::string& line : lines) variables.push_back(line.data());
  variables.push_back(nullptr);
  // execvpe also runs a script without a first line "#!", as a shell would.
  ::execvpe(arguments.front(), arguments.data(), variables.data());
  fmt::print(stderr, "{}\n", errno_failure("run " + command.front()).error().what);
  return kCannotRun;
}

// In the child; never returns.
[[noreturn]] void become(const Stage& stage, const PipelineSettings& settings, int input,
                         int output) {
  if (input >= 0) ::dup2(input, STDIN_FILENO);
  if (output >= 0) ::dup2(output, STDOUT_FILENO);
  if (!settings.wait) ::setsid();
  int code = 1;
  if (::chdir(settings.folder.c_str()) != 0)
    fmt::print(stderr, "{}\n", errno_failure("enter " + settings.folder).error().what);
  else if (const auto applied = apply(stage.redirects); !applied)
    fmt::print(stderr, "{}\n", applied.error().what);
  else if (const auto* const command = std::get_if<std::vector<std::string>>(&stage.work))
    code = execute(*command, settings);
  else
    code = std::get<std::function<int()>>(stage.work)();
  std::fflush(stdout);
  std::fflush(stderr);
  ::_exit(code);
}

std::string read_all(int fd) {
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t got = ::read(fd, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    if (text.size() < kOutputBytesMax) text.append(part, static_cast<size_t>(got));
  }
}

int end_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<PipelineEnd> run_pipeline(const std::vector<Stage>& stages,
                                 const PipelineSettings& settings) {
  std::fflush(stdout);
  std::vector<pid_t> children;
  Fd input;
  for (size_t i = 0; i < stages.size(); ++i) {
    int ends[2] = {-1, -1};
    const bool last = i + 1 == stages.size();
    if ((!last || settings.capture) && ::pipe2(ends, O_CLOEXEC) != 0)
      return errno_failure("make a pipe");
    Fd next(ends[0]);
    const Fd output(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return errno_failure("fork");
    if (pid == 0) become(stages[i], settings, input.get(), output.get());
    children.push_back(pid);
    input = std::move(next);
  }
  PipelineEnd end;
  if (!settings.wait) return end;
  if (settings.capture) end.output = read_all(input.get());
  input.reset();
  for (const pid_t child : children) end.code = end_of(child);
  return end;
}

Result<void> write_redirected(const std::string& text, const std::vector<Redirect>& redirects) {
  if (redirects.empty()) {
    fmt::print("{}", text);
    std::fflush(stdout);
    return {};
  }
  const Stage stage{[&text] {
                      fmt::print("{}", text);
                      return 0;
                    },
                    redirects};
  const auto written = run_pipeline({stage}, {});
  if (!written) return failure(written.error());
  return {};
}

}  // namespace tasuki::batchrun
