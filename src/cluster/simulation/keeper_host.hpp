// The keeper of a node: the production KeeperState, with simulated processes, mounts and a watchdog
// under it.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "cluster/process/keeper_state.hpp"
#include "cluster/simulation/hardware.hpp"

namespace tasuki::simulation {

// How the program of a process behaves.
struct Program {
  bool exits = false;  // by itself, after `runs_for`: a script, or a service that fails
  int exit_code = 0;
  Time runs_for{};
  bool ignores_signals = false;  // ends only when it is killed
  Time stops_within{};
};

class KeeperHost {
 public:
  struct World {
    std::function<Program(const process::Spawn&)> program;
    // The time that giving up a mount or an address takes; nothing: it never ends.
    std::function<std::optional<Time>(const core::GroupName&, const core::ResourceName&)> undo;
    std::function<void()> end_tasukid;  // told() follows when it ended
    std::function<void(const std::string& why)> reset_node;
  };

  KeeperHost(Surroundings& around, Hardware& hardware, World world);
  // It crashes; what it started goes on.
  ~KeeperHost();
  KeeperHost(const KeeperHost&) = delete;
  KeeperHost& operator=(const KeeperHost&) = delete;

  // A tasukid that connects is told of events and replies while its life lasts.
  void connect(const Life& client, std::function<void(const process::Event&)> event);
  void ask(process::Operation operation, std::function<void(const process::Answer&)> reply);
  void tasukid_ended();
  // A service or script ends by itself.
  void kill_main(const process::ProcessName& name, const process::ExitStatus& status);
  [[nodiscard]] bool runs(const process::ProcessName& name) const;

 private:
  struct Process {
    Program program;
    bool main = true;
    bool started = false;  // and the keeper was told so
    Life life;
  };

  void take(const process::Fact& fact);
  void set_deadline();
  void perform(const process::StartProcess& start);
  void perform(const process::SignalProcess& signal);
  void perform(const process::KillCgroup& kill);
  void perform(const process::RemoveProcess& remove);
  void perform(const process::RemoveGroup&) {}
  void perform(const process::EndTasukid&);
  void perform(const process::StartRelease& release);
  void perform(const process::ArmReset& arm);
  void perform(const process::DisarmReset&);
  void perform(const process::ResetNode& reset);
  void perform(const process::Reply& reply);
  void perform(const process::Event& event);
  void tell_started(const process::ProcessName& name);
  void end_main(const process::ProcessName& name, const process::ExitStatus& status);
  void release_next(const process::StartRelease& release, size_t done);

  Surroundings& around_;
  Hardware& hardware_;
  World world_;
  process::KeeperState state_;
  Life life_;
  std::optional<core::Moment> deadline_;
  std::map<process::ProcessName, Process> processes_;
  int next_pid_ = 100;
  Life client_;
  std::function<void(const process::Event&)> event_;
  std::map<uint64_t, std::function<void(const process::Answer&)>> replies_;
  uint64_t next_request_ = 1;
};

// Of a mount or an address that the keeper gives up: whose it is. The simulation names both after
// their group and resource.
process::Release release_of(const core::GroupName& group, const core::Resource& resource);
std::pair<core::GroupName, core::ResourceName> owner_of(const process::Release& release);

}  // namespace tasuki::simulation
