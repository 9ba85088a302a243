// What the keeper decides: which process is in which state, when a stop is forced, what happens
// when the lease runs out. Facts go in, things to do come out; no clock, socket or process in here.
// The rule it protects: after the lease ran out, everything is let go of within the release time,
// or the node is reset.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/process/protocol.hpp"

namespace tasuki::process {

// What a keeper that died had begun and not undone, by group.
using Left = std::map<std::string, std::vector<Release>>;

// Facts.
struct LeftBehind {  // by the keeper before this one; the first fact, if there is any
  Left groups;
  std::optional<Moment> bound;  // when its node would have been reset; none: it held no lease
};
struct ClientConnected {};  // a new tasukid; nobody waits for the replies of the one before
struct Asked {
  Request request;
};
struct Started {  // the program was executed
  ProcessName name;
  pid_t pid = 0;
};
struct StartFailed {
  ProcessName name;
  Error why;
};
struct MainEnded {  // the main process is gone; others of its cgroup may live
  ProcessName name;
  ExitStatus status;
};
struct CgroupEmptied {  // no process is left in the cgroup of this process
  ProcessName name;
};
struct ReleaseEnded {
  std::string group;
  Result<void> result;
};
struct TasukidEnded {};  // no tasukid that had to be ended lives
struct EndAsked {};      // the keeper itself is to end
struct TimePassed {};
using Fact = std::variant<LeftBehind, ClientConnected, Asked, Started, StartFailed, MainEnded,
                          CgroupEmptied, ReleaseEnded, TasukidEnded, EndAsked, TimePassed>;

// Things to do.
struct StartProcess {
  Spawn spawn;
};
struct SignalProcess {
  ProcessName name;
  int signal = 0;
  friend bool operator==(const SignalProcess&, const SignalProcess&) = default;
};
struct KillCgroup {
  ProcessName name;
  friend bool operator==(const KillCgroup&, const KillCgroup&) = default;
};
struct RemoveProcess {  // its cgroup is empty and no longer needed
  ProcessName name;
  friend bool operator==(const RemoveProcess&, const RemoveProcess&) = default;
};
struct RemoveGroup {
  std::string group;
  friend bool operator==(const RemoveGroup&, const RemoveGroup&) = default;
};
// A tasukid that hangs in the middle of a mount might finish it after the release.
struct EndTasukid {
  friend bool operator==(const EndTasukid&, const EndTasukid&) = default;
};
struct StartRelease {
  std::string group;
  std::vector<Release> releases;
  Moment until;
  friend bool operator==(const StartRelease&, const StartRelease&) = default;
};
struct ArmReset {  // the node is reset after this time unless armed again or disarmed
  milliseconds bound{};
  friend bool operator==(const ArmReset&, const ArmReset&) = default;
};
struct DisarmReset {
  friend bool operator==(const DisarmReset&, const DisarmReset&) = default;
};
using Effect =
    std::variant<StartProcess, SignalProcess, KillCgroup, RemoveProcess, RemoveGroup, EndTasukid,
                 StartRelease, ArmReset, DisarmReset, ResetNode, Reply, Event>;
using Effects = std::vector<Effect>;

class KeeperState {
 public:
  struct Circumstances {
    bool watchdog = false;  // the node's reset also binds a kernel that stands still
  };
  KeeperState() = default;
  explicit KeeperState(Circumstances circumstances) : circumstances_(circumstances) {}

  // Takes in what happened at `now`; gives what is to be done about it, in order.
  Effects take(const Fact& fact, Moment now);

  // When TimePassed must be told at the latest; none when nothing is waited for.
  [[nodiscard]] std::optional<Moment> next_deadline() const;

  [[nodiscard]] bool empty() const { return groups_.empty(); }
  // What would be left behind if the keeper died now.
  [[nodiscard]] Left left() const;

 private:
  // The main process of a cgroup.
  struct Starting {
    std::optional<uint64_t> request;
  };
  struct Running {
    pid_t pid = 0;
  };
  struct Gone {};
  struct Stopping {
    std::optional<uint64_t> request;
    std::optional<Moment> kill_at;  // none once killed
    bool forced = false;
  };
  struct Process {
    std::string tag;
    std::variant<Starting, Running, Gone> main;
    bool cgroup_empty = false;
    std::optional<Stopping> stopping;
  };
  struct LettingGo {
    Moment until;
    bool releasing = false;
    bool reset_asked = false;
  };
  struct Group {
    std::vector<Release> releases;
    Json note;
    std::map<std::string, Process> processes;
    std::optional<uint64_t> kill_request;
    std::optional<LettingGo> letting_go;
  };
  struct Held {
    Moment until;
    milliseconds release{};
  };

  void on(const LeftBehind& left);
  void on(const ClientConnected&);
  void on(const Asked& asked);
  void on(const Started& started);
  void on(const StartFailed& failed);
  void on(const MainEnded& ended);
  void on(const CgroupEmptied& emptied);
  void on(const ReleaseEnded& ended);
  void on(const TasukidEnded&);
  void on(const EndAsked&);
  void on(const TimePassed&);

  void answer(uint64_t id, const Hello&);
  void answer(uint64_t id, const OpenGroup& open);
  void answer(uint64_t id, const CloseGroup& close);
  void answer(uint64_t id, const Spawn& spawn);
  void answer(uint64_t id, const Stop& stop);
  void answer(uint64_t id, const KillGroup& kill);
  void answer(uint64_t id, const Lease& lease);
  void answer(uint64_t id, const ResetNode& reset);

  void begin_stop(const ProcessName& name, Process& process, int signal, Moment kill_at);
  void kill(const ProcessName& name, Process& process);
  void settle(const ProcessName& name);
  void let_go_of_all(milliseconds release);
  void release_when_free(const std::string& name, Group& group);
  void arm_reset();
  void ask_reset(const std::string& name, Group& group, const std::string& why);

  [[nodiscard]] bool letting_go() const;
  [[nodiscard]] Process* find_process(const ProcessName& name);
  [[nodiscard]] HelloReply snapshot() const;
  void reply(std::optional<uint64_t> id, Answer answer);

  std::map<std::string, Group> groups_;
  std::optional<Held> lease_;
  bool lease_expired_ = false;
  bool leased_ = false;
  bool tasukid_may_act_ = false;  // one that was to be ended may still be at work
  Circumstances circumstances_;
  Moment now_;
  Effects effects_;
};

}  // namespace tasuki::process
