#include "cluster/guard/agent.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/duration.hpp"
#include "kit/fd.hpp"
#include "kit/readable.hpp"
#include "kit/text.hpp"

namespace tasuki::guard {
namespace {

using Descriptor = asio::posix::stream_descriptor;

// What a pipe holds (pipe(7)), so that what comes after the agent's end and is longer is not the
// agent's. The longest metadata of Debian's agents has 11 KiB.
constexpr size_t kOutputBytesKept = size_t{64} * 1024;
constexpr size_t kReadBytes = 4096;
constexpr int kReadsAfterEnd = kOutputBytesKept / kReadBytes;

// An agent and its process group, from its start until it is reaped.
class AgentProcess {
 public:
  AgentProcess(const asio::any_io_executor& executor, pid_t pid, Fd end, Fd output)
      : pid_(pid), end_(executor, end.release()), output_(executor, output.release()) {}
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;
  ~AgentProcess() {
    if (pid_ == 0) return;
    kill_group();
    ::waitpid(pid_, nullptr, WNOHANG);
  }

  // The group's id stays its own as long as its leader is not reaped.
  void kill_group() const { ::kill(-pid_, SIGKILL); }

  Task<void> wait_for_end() { co_await wait_readable(end_); }

  // Returns only when cancelled. The end of the output says nothing about the agent's end: an ssh
  // that it left behind may hold the pipe open, and an agent may close it and go on.
  Task<void> keep_output() {
    boost::system::error_code error;
    do {
      co_await output_.async_wait(Descriptor::wait_read,
                                  asio::redirect_error(asio::use_awaitable, error));
    } while (!error && read_some());
    asio::steady_timer never(output_.get_executor(), asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }

  // Reaps the agent, which has ended, and whatever it left in its group.
  Result<AgentEnd> collect() {
    for (int reads = 0; reads < kReadsAfterEnd && read_some(); ++reads) continue;
    kill_group();
    int status = 0;
    const pid_t reaped = ::waitpid(std::exchange(pid_, 0), &status, 0);
    TASUKI_ASSERT(reaped > 0);
    if (!WIFEXITED(status)) return failure(fmt::format("ended by signal {}", WTERMSIG(status)));
    return AgentEnd{WEXITSTATUS(status), std::move(printed_)};
  }

 private:
  // False when there is nothing more to read for now or for ever.
  bool read_some() {
    std::array<char, kReadBytes> buffer;
    const ssize_t size = ::read(output_.native_handle(), buffer.data(), buffer.size());
    if (size <= 0) return size < 0 && errno == EINTR;
    printed_.append(buffer.data(), static_cast<size_t>(size));
    if (printed_.size() > kOutputBytesKept) printed_.erase(0, printed_.size() - kOutputBytesKept);
    return true;
  }

  pid_t pid_;
  Descriptor end_;
  Descriptor output_;
  std::string printed_;
};

Result<std::string> find_agent(const std::string& name) {
  if (name.starts_with('/')) return name;
  const char* path = std::getenv("PATH");
  const std::string folders = fmt::format("/usr/sbin:/sbin:{}", path ? path : "");
  for (const std::string_view folder : split(folders, ':')) {
    const std::string candidate = fmt::format("{}/{}", folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return failure("it is not installed here; Debian's package fence-agents brings the usual ones");
}

// A file in memory: options hold passwords, and a pipe might block us.
Result<Fd> make_input(const std::string& text) {
  Fd input(::memfd_create("fence agent options", MFD_CLOEXEC));
  if (!input) return errno_failure("make its input");
  if (std::cmp_not_equal(::write(input.get(), text.data(), text.size()), text.size()) ||
      ::lseek(input.get(), 0, SEEK_SET) != 0)
    return errno_failure("write its input");
  return input;
}

// In a process group of its own, with every signal as a fresh program expects it.
Result<pid_t> spawn(const std::string& program, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);

  std::string name = program;
  const std::array<char*, 2> arguments{name.data(), nullptr};
  pid_t pid = 0;
  const int problem =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return errno_failure("start it", problem);
  return pid;
}

Result<std::unique_ptr<AgentProcess>> start_agent(const asio::any_io_executor& executor,
                                                  const std::string& name,
                                                  const std::string& input_text) {
  const auto program = find_agent(name);
  if (!program) return failure(program.error());
  const auto input = make_input(input_text);
  if (!input) return failure(input.error());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_failure("make a pipe for its output");
  Fd output(ends[0]);
  const Fd its_output(ends[1]);
  if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return errno_failure("prepare its output");
  const auto pid = spawn(*program, input->get(), its_output.get());
  if (!pid) return failure(pid.error());
  Fd end(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!end) {
    const auto problem = errno_failure("watch it");
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return problem;
  }
  return std::make_unique<AgentProcess>(executor, *pid, std::move(end), std::move(output));
}

// A killed process may still hang in the kernel for a while; nobody waits for it but this.
Task<void> reap(std::unique_ptr<AgentProcess> agent) {
  co_await agent->wait_for_end();
  [[maybe_unused]] const auto end = agent->collect();
}

}  // namespace

std::string AgentEnd::last_line() const {
  const std::string_view text = trim(output);
  return std::string(text.substr(text.rfind('\n') + 1));
}

Result<std::string> agent_input(const core::FenceDevice& device, const std::string& action,
                                const std::string& plug) {
  std::string text = fmt::format("action={}\n", action);
  if (!plug.empty() && !device.options.contains("plug") && !device.options.contains("port"))
    text += fmt::format("plug={}\n", plug);
  for (const auto& [key, value] : device.options) {
    if (value.find('\n') != std::string::npos)
      return failure(
          fmt::format("its option {} has a line break, which an agent cannot read", key));
    text += fmt::format("{}={}\n", key, value);
  }
  return text;
}

Task<Result<AgentEnd>> run_agent(core::FenceDevice device, std::string action, std::string plug) {
  using namespace asio::experimental::awaitable_operators;
  const std::string what = fmt::format("{} {}", device.agent, action);
  const auto input = agent_input(device, action, plug);
  if (!input) co_return failure(input.error().during(what));
  const auto executor = co_await asio::this_coro::executor;
  auto agent = start_agent(executor, device.agent, *input);
  if (!agent) co_return failure(agent.error().during(what));

  constexpr size_t kEnded = 0;
  const auto first =
      co_await ((*agent)->wait_for_end() || wait_for(device.limit) || (*agent)->keep_output());
  if (first.index() != kEnded) {
    (*agent)->kill_group();
    start_task(executor, reap(std::move(*agent)));
    co_return failure(
        fmt::format("{}: no answer within {}, killed", what, format_duration(device.limit)));
  }
  auto end = (*agent)->collect();
  if (!end) co_return failure(end.error().during(what));
  co_return end;
}

}  // namespace tasuki::guard
