// Carries out what a group's machine asks for, with the adapters of its resources, and tells it how
// it went. It decides nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/core/replica.hpp"
#include "cluster/executor/group_machine.hpp"
#include "cluster/executor/script_environment.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"
#include "cluster/runner/clock.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

// What a group needs of the node it runs on. All functions are called on the io_context's thread.
struct GroupContext {
  asio::io_context& io;
  asio::thread_pool& workers;
  process::KeeperClient& keeper;
  core::NodeId self;
  std::function<const core::Config&()> config;
  std::function<void(core::GroupReport)> report;
  std::function<void(core::Note)> note;
  std::function<void(std::string why)> reset_node;
  // The keeper holds a lease, or none is needed; and a wait until that may have changed.
  std::function<bool()> lease_held;
  std::function<Task<void>(core::milliseconds limit)> wait_for_change;
  // A step of a start or stop ended: "partition-1", "stop partition-1".
  std::function<void(const core::GroupName&, const std::string& step)> stepped;
};

class GroupRunner {
 public:
  GroupRunner(GroupContext& context, executor::GroupSpec spec);
  ~GroupRunner();

  // What the keeper kept for this group: finds out what of it is up.
  Task<void> adopt(Json note);
  // Of a group that the keeper knows nothing of: takes away mounts and addresses that an earlier
  // keeper left when it died.
  Task<Result<void>> clear_leftovers();
  void set_order(const executor::Order& order);
  void set_spec(executor::GroupSpec spec);

  [[nodiscard]] const executor::GroupMachine& machine() const { return machine_; }

 private:
  struct Operation;  // a step under way, with its limit

  void perform(const std::vector<executor::Effect>& effects);
  void finish(const Result<void>& result, const std::string& what);
  void run_step(Task<Result<void>> step, std::chrono::milliseconds limit, const std::string& what);
  Task<Result<void>> start(executor::StartStep step);
  Task<Result<void>> tell(executor::TellStep step);
  Task<void> recover(executor::RecoverTask task);
  Task<Result<void>> stop(executor::StopStep step);
  Task<Result<void>> close();
  Task<Result<void>> wait_for_lease();
  Task<Result<void>> tell_keeper(core::ResourceName about);
  resource::Resource& adapter(const executor::Item& item);
  [[nodiscard]] resource::StepOptions options(const executor::Item& item, core::Event event,
                                              executor::Disk disk) const;
  void note(core::Note::Level level, std::string text);

  GroupContext& context_;
  executor::GroupMachine machine_;
  // A resource that changes gets a new adapter while the old one stops.
  struct Adapter {
    executor::Item item;
    std::unique_ptr<resource::Resource> resource;
  };
  std::vector<Adapter> adapters_;
  std::string hung_;  // a step that did not end even after it was cancelled
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tasuki::runner
