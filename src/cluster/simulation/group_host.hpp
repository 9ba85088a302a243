// One group on one node: the production GroupMachine, whose steps are carried out on simulated
// resources as runner/group_runner does on real ones.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "cluster/executor/group_machine.hpp"
#include "cluster/simulation/hardware.hpp"
#include "cluster/simulation/keeper_host.hpp"

namespace tasuki::simulation {

// What a group needs of the tasukid it runs in.
struct GroupContext {
  Surroundings& around;
  Hardware& hardware;
  KeeperHost& keeper;
  Life life;  // of this tasukid
  std::function<void(core::GroupReport)> report;
  std::function<void(core::Note)> note;
  std::function<bool()> lease_held;
  std::function<uint64_t()> epoch;
};

class GroupHost {
 public:
  GroupHost(GroupContext& context, executor::GroupSpec spec);
  ~GroupHost() { life_.end(); }
  GroupHost(const GroupHost&) = delete;
  GroupHost& operator=(const GroupHost&) = delete;

  void adopt(uint64_t ticket);
  void set_order(const executor::Order& order);
  void set_spec(executor::GroupSpec spec);
  // The lease may be held now.
  void look_at_lease();
  // A process of it ended, or the world broke one of its resources.
  void exited(const process::Exited& exited);
  void break_resource(const core::ResourceName& resource, const std::string& why);

  [[nodiscard]] const executor::GroupMachine& machine() const { return machine_; }

 private:
  using Done = std::function<void(const Result<void>&)>;

  void perform(const std::vector<executor::Effect>& effects);
  void begin(const std::string& what, core::milliseconds limit, const std::function<void()>& step);
  void finish(uint64_t step, const Result<void>& result);
  // The end of the step that is under way now.
  [[nodiscard]] Done end_of_step();
  void ask(process::Operation operation, std::function<void(const process::Answer&)> then);
  void ask_done(process::Operation operation, const std::function<void()>& then);
  void start(const executor::StartStep& step);
  void tell_keeper(const std::function<void()>& then);
  void start_resource(const executor::Item& item);
  void start_held_by_kernel(const executor::Item& item, const Trouble& trouble);
  Result<void> take_disk(uint64_t epoch);
  void look_at_disk(const core::ResourceName& partition);
  void start_service(const executor::Item& item, const Trouble& trouble);
  void stop_service(const executor::Item& item, const Done& done);
  void run_script(const executor::Item& item, core::milliseconds limit, const Done& done);
  void recover(const executor::Item& item);
  void stop(const executor::StopStep& step);
  void stop_held_by_kernel(const executor::Item& item);
  void close();
  [[nodiscard]] process::ProcessName process_of(const executor::Item& item) const {
    return {machine_.spec().name.value, item.resource.name.value};
  }
  [[nodiscard]] Trouble& trouble(const executor::Item& item) {
    return context_.hardware.trouble(machine_.spec().name, item.resource.name);
  }
  void note(core::Note::Level level, std::string text);
  [[nodiscard]] executor::Time machine_time() const;

  GroupContext& context_;
  executor::GroupMachine machine_;
  Life life_;
  uint64_t step_ = 0;  // names the step under way
  bool under_way_ = false;
  std::string what_;  // it is, for people
  std::string hung_;
  std::function<void()> waits_for_lease_;
  std::set<core::ResourceName> watched_;  // services whose end is a fault
  Life disk_watch_;
  // Who waits for the end of a process.
  std::map<std::string, std::function<void(const process::ExitStatus&)>> ends_;
};

}  // namespace tasuki::simulation
