// The keeper: parent of everything that groups start, owner of their cgroups and of the node's
// reset. Small, one thread, never blocking: it is what still works when the rest of a node hangs.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "cluster/process/cgroup.hpp"
#include "cluster/process/child.hpp"
#include "cluster/process/event_loop.hpp"
#include "cluster/process/keeper_life.hpp"
#include "cluster/process/keeper_socket.hpp"
#include "cluster/process/keeper_state.hpp"
#include "cluster/process/line_splitter.hpp"
#include "cluster/process/reset_method.hpp"

namespace tasuki::process {

struct KeeperOptions {
  std::string socket{kDefaultKeeperSocket};
  std::string cgroup;  // below the root of cgroup v2; empty: the keeper's own
  std::string reset;   // as make_reset_method() takes it
};

class Keeper {
 public:
  // Prepares this process, takes the cgroup and serves tasukid until SIGTERM or SIGINT, upon which
  // everything is let go of. An error says why it could not begin.
  static Result<void> run(const KeeperOptions& options);

  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

 private:
  // A process under way: from its start until nothing is left in its cgroup.
  struct Process {
    Child child;
    std::unique_ptr<CgroupWatch> cgroup;
    std::string problem;  // why its program cannot run
    std::string slice;    // the folder of Spawn::slice; empty: none
    std::unique_ptr<CgroupWatch> slice_watch;
    bool killed = false;
  };
  // One that connected and lives.
  struct Tasukid {
    Fd pidfd;
    bool told_to_end = false;
  };
  // Output is read until its end, which may come after the process's own.
  struct Stream {
    ProcessName name;
    std::string tag;
    Fd fd;
    LineSplitter lines;
  };

  // The folder of the groups' cgroups, and the one around it if it was made for this keeper.
  struct Folders {
    std::string root;  // of cgroup v2
    std::string groups;
    std::string made;
  };

  Keeper(const KeeperOptions& options, Folders folders, std::unique_ptr<ResetMethod> reset,
         KeeperLife& life);

  static Result<Folders> make_cgroups(const std::string& option);

  Result<void> open();
  void serve();
  void connected(pid_t tasukid);
  void receive(std::string_view packet);
  void on_signals();

  void take(const Fact& fact);
  void perform(const StartProcess& start);
  void perform(const SignalProcess& signal);
  void perform(const KillCgroup& kill);
  void perform(const RemoveProcess& remove);
  void perform(const RemoveGroup& remove);
  void perform(const EndTasukid&);
  void perform(const StartRelease& release);
  void perform(const ArmReset& arm);
  void perform(const DisarmReset&);
  void perform(const ResetNode& reset);
  void perform(const Reply& reply);
  void perform(const Event& event);

  Result<void> start(const Spawn& spawn);
  void read_report(const ProcessName& name);
  void main_ended(const ProcessName& name);
  void cgroup_changed(const ProcessName& name);
  [[nodiscard]] bool close_slice(const ProcessName& name, Process& process);
  void tasukid_ended(int pidfd);
  void release_ended(const std::string& group);
  void watch_output(const Spawn& spawn, Fd fd);
  bool read_output(Stream& stream);
  void drain_output(const ProcessName& name);
  void reap_orphans();
  void keep_disarmed();
  [[nodiscard]] std::optional<Moment> next_deadline() const;
  [[nodiscard]] std::string folder(const ProcessName& name) const;

  Folders folders_;
  std::unique_ptr<ResetMethod> reset_;
  KeeperLife& life_;
  std::optional<Moment> disarm_again_;
  EventLoop loop_;
  KeeperSocket socket_;
  Fd signals_;
  KeeperState state_;
  std::map<ProcessName, Process> processes_;
  std::map<std::string, Child> releases_;  // by group
  std::list<Stream> streams_;
  std::list<Tasukid> tasukids_;
  bool ending_ = false;
};

}  // namespace tasuki::process
