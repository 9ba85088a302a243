// For tests: the real tasuki-keeper in PID and mount namespaces and a cgroup of its own, of which
// nothing is left afterwards, even if the test crashes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cluster/process/keeper_client.hpp"
#include "kit/assert.hpp"
#include "kit/fd.hpp"

namespace tasuki::process {

class TestKeeper {
 public:
  // Why it cannot run here, such as "needs root"; empty when it can.
  static std::string missing();

  // Starts it and waits until it serves; `reset` as for --reset. `left` is what a keeper that died
  // left for it, with @DISK@ for the folder of disk().
  explicit TestKeeper(const std::string& reset = "none", std::string left = "");
  TestKeeper(const TestKeeper&) = delete;
  TestKeeper& operator=(const TestKeeper&) = delete;
  ~TestKeeper();

  // A folder for the test's files. `disk()` is a tmpfs that only the keeper and its children see.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string disk() const { return folder_ + "/disk"; }
  [[nodiscard]] std::string socket() const { return folder_ + "/keeper.sock"; }
  [[nodiscard]] bool disk_mounted() const;
  // What it would leave for the next one, should it die now; empty when that is nothing.
  [[nodiscard]] std::string left() const;

  // The processes of a group's key as this test numbers them; none when its cgroup is gone.
  [[nodiscard]] std::vector<pid_t> pids(const ProcessName& name) const;
  // Waits until nothing of it is left; false when that takes more than ten seconds.
  [[nodiscard]] bool wait_empty(const ProcessName& name) const;
  [[nodiscard]] std::string cgroup() const { return cgroup_; }
  [[nodiscard]] pid_t pid() const { return keeper_; }

  // Runs `body` in a child that the keeper sees; its pidfd. To be waited for before the end.
  [[nodiscard]] Fd start_inside(const std::function<void()>& body) const;

  // Tells it to end and waits: the exit code, or -1 when it does not within ten seconds.
  int end();

 private:
  std::string folder_;
  std::string cgroup_;
  Fd init_;  // the pidfd of the namespace's first process
  pid_t init_pid_ = -1;
  pid_t keeper_ = -1;
};

// Runs a coroutine of a test to its end; a test that hangs is stopped after 30 s.
template <class T>
T run_task(asio::io_context& context, Task<T> task) {
  std::optional<T> value;
  asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& problem, T result) {
    TASUKI_ASSERT(!problem);
    value.emplace(std::move(result));
  });
  context.restart();
  const Moment limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!value && context.run_one_until(limit) > 0) {
  }
  TASUKI_ASSERT(value.has_value());
  return std::move(*value);
}

// Handles events until `done` says so; false when it does not within 30 s.
template <class Condition>
bool run_until(asio::io_context& context, Condition done) {
  context.restart();
  const Moment limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done() && context.run_one_until(limit) > 0) {
  }
  return done();
}

}  // namespace tasuki::process
