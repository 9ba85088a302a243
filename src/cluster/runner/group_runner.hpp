// Carries out what a group's machine asks for, with the adapters of its resources, and tells it how
// it went. It decides nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/config/reference.hpp"
#include "cluster/core/replica.hpp"
#include "cluster/executor/group_machine.hpp"
#include "cluster/executor/script_environment.hpp"
#include "cluster/guard/scsi_reservation.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"
#include "cluster/runner/clock.hpp"
#include "cluster/runner/watch_runner.hpp"
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
  // The group that the members know for the owner of a watch's id, if any.
  std::function<std::optional<core::GroupName>(const std::string& id)> watch_owner;
  std::string arm_commands;         // the folder of the ARM commands
  std::string tasuki;               // the program that runs batch files
  std::function<uint64_t()> epoch;  // that this node knows
  // A disk that the group took refuses these from now on.
  std::function<void(const core::GroupName&, const std::vector<guard::KeyOwner>&)> preempted;
  // A step of a start or stop ended: "partition-1", "stop partition-1".
  std::function<void(const core::GroupName&, const std::string& step)> stepped;
  // Before a step of its start: what follows it is in place here. And when nothing of it runs any
  // more: what changed last of that is acknowledged.
  std::function<Task<void>(core::GroupName)> put_in_place;
  std::function<Task<void>(core::GroupName)> take_along;
  // What references of the group are replaced with here, now.
  std::function<config::ReferenceValues(const core::GroupName&)> references;
};

// The group's programs are stopped for a while, watched by nobody: for a backup.
struct Suspension {
  std::string key;     // who asked for it, and may prolong and end it
  std::string reason;  // for people
  Moment until;        // it ends by itself then, lest whoever asked has died
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

class GroupRunner {
 public:
  GroupRunner(GroupContext& context, executor::GroupSpec spec);
  ~GroupRunner();

  // What the keeper kept for this group: finds out what of it is up.
  Task<void> adopt(process::KeptGroup kept);
  // Of a group that the keeper knows nothing of: takes away mounts and addresses that the system
  // itself made when it booted.
  Task<Result<void>> clear_leftovers();
  void set_order(const executor::Order& order);
  void set_spec(executor::GroupSpec spec);

  // Stops what runs programs until it is resumed, or prolongs that; EBUSY when somebody else has
  // suspended it, ECANCELED when a suspension that was to be prolonged is over.
  enum class Begin { yes, only_prolong };
  Result<void> suspend(Suspension suspension, Begin begin);
  void resume(const std::string& key);
  [[nodiscard]] const std::optional<Suspension>& suspension() const { return suspension_; }

  [[nodiscard]] const executor::GroupMachine& machine() const { return machine_; }
  // As the machine says, with what is suspended and watched.
  [[nodiscard]] std::optional<core::GroupReport> holds() const;
  // What the group's scripts see now.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  // nullptr while no scripts of the group are up or on their way.
  [[nodiscard]] std::shared_ptr<WatchRunner> watches() const;

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
  // The note for the next tasukid, and the report to the members, when what is watched or suspended
  // has changed.
  void remember();
  void save_note();
  [[nodiscard]] Json note_for_next() const;
  [[nodiscard]] core::GroupReport complete(core::GroupReport report) const;
  [[nodiscard]] WatchContext watch_context();
  [[nodiscard]] const executor::Item* scripts() const;
  void watch_failed(const std::string& why);
  void run_scripts_again(const std::string& why);
  void use_spec();
  void set_suspension_timer();
  Task<Result<void>> write_templates();
  [[nodiscard]] executor::GroupSpec resolved(executor::GroupSpec spec) const;
  resource::Resource& adapter(const executor::Item& item);
  [[nodiscard]] resource::StepOptions options(const executor::Item& item, core::Event event,
                                              executor::Disk disk) const;
  void note(core::Note::Level level, std::string text);

  GroupContext& context_;
  executor::GroupSpec configured_;
  executor::GroupMachine machine_;  // of what is not suspended
  std::optional<Suspension> suspension_;
  asio::steady_timer suspension_timer_;
  std::shared_ptr<WatchRunner> watches_;
  bool ordered_ = false;                    // the members have spoken about it since this began
  std::vector<process::Release> releases_;  // as the keeper was told last
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
