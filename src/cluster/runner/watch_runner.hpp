// Carries out what a group's watches ask for: starts and stops services and programs through the
// keeper, in the group's own cgroup, and tells how it went. What becomes of them is decided by
// executor/watches.hpp.
//
// Requests that come from outside hold it while they wait, because its group may go meanwhile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/message.hpp"
#include "cluster/executor/watch_note.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

// What watches need of their group and its node.
struct WatchContext {
  asio::io_context& io;
  process::KeeperClient& keeper;
  core::GroupName group;
  std::function<const core::Config&()> config;
  std::function<std::map<std::string, std::string>()> environment;  // as its scripts see it
  std::string default_address;
  std::function<void()> changed;  // to be remembered and reported
  std::function<void(std::string)> note;
  std::function<void(std::string)> warn;
  std::function<void(std::string why)> fail_group;
  std::function<void(std::string why)> run_scripts_again;
  // Whether the members know this group for the owner of an id; nothing while they do not say.
  std::function<std::optional<Result<void>>(const std::string& id)> owns_id;
  std::function<Task<void>(core::milliseconds limit)> wait_for_change;
  // A configured service with its references replaced. May be empty.
  std::function<Result<core::Service>(const core::Service&)> resolve = nullptr;
};

class WatchRunner : public std::enable_shared_from_this<WatchRunner> {
 public:
  explicit WatchRunner(WatchContext context);
  // The group goes: what is still under way ends without a word, and nothing is watched any more.
  void close();

  // Each returns when it is done, or says why not (executor/watches.hpp has the codes).
  static Task<Result<void>> load(std::shared_ptr<WatchRunner> self, executor::WatchOrder order);
  static Task<Result<void>> kill(std::shared_ptr<WatchRunner> self, std::string id);
  static Task<Result<void>> stop_service(std::shared_ptr<WatchRunner> self,
                                         core::ServiceName service);
  Result<void> pause(const std::string& id, std::optional<core::milliseconds> limit);
  Result<void> resume(const std::string& id);

  // Around the scripts' own steps. The end of scripts_stopped() proves that nothing is left.
  void scripts_start() { machine_.scripts_start(); }
  void scripts_stop() { machine_.scripts_stop(); }
  Task<Result<void>> end_all();
  // How long that may take.
  [[nodiscard]] core::milliseconds end_limit() const;
  // The group is down and all its processes are gone.
  void clear();

  // What the keeper kept: finds out what of it still runs. What follows waits for go_on(), which is
  // called when the members have spoken about the group.
  Task<void> adopt(executor::KeptWatches kept);
  void go_on();
  [[nodiscard]] executor::KeptWatches kept() const { return {machine_.all(), machine_.carried()}; }
  [[nodiscard]] std::vector<core::WatchReport> reports() const;
  [[nodiscard]] const executor::Watches& machine() const { return machine_; }

 private:
  struct Running;

  Task<Result<void>> claim(std::string id);
  void perform(const executor::WatchEffects& effects);
  static Task<void> start(std::shared_ptr<WatchRunner> self, uint64_t serial);
  static Task<void> stop(std::shared_ptr<WatchRunner> self, uint64_t serial);
  void finish_start(uint64_t serial, const Result<void>& result);
  void ended(uint64_t serial, const std::string& why);
  std::shared_ptr<Running> running(const executor::Watch& watch);
  [[nodiscard]] core::Service service_of(const executor::Watch& watch) const;
  [[nodiscard]] core::milliseconds stop_limit(const executor::Watch& watch) const;
  void changed();
  void forget_ended();
  void set_timer();

  WatchContext context_;
  executor::Watches machine_;
  bool open_ = true;
  executor::WatchEffects adopted_;
  std::vector<core::WatchReport> claims_;  // ids that no watch has yet
  // By the watch's serial; each outlives its watch until its last operation has ended.
  std::map<uint64_t, std::shared_ptr<Running>> running_;
  asio::steady_timer timer_;
};

}  // namespace tasuki::runner
