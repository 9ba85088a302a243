// Brings the resources of one group on this node to where the plan wants them: one step at a time,
// up in order, down in reverse. Pure: told what happened and when, it returns what to do next.
//
// The rule it protects: a group is reported offline only when every resource of it was proved to be
// let go; when one cannot be, the group is stuck and the node must be reset. A start that failed
// has undone itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/core/message.hpp"
#include "cluster/core/state.hpp"
#include "cluster/executor/time.hpp"

namespace tasuki::executor {

// A resource and, for the use of a service, the service's definition.
struct Item {
  core::Resource resource;
  std::optional<core::Service> service;
  friend bool operator==(const Item&, const Item&) = default;
};

// Whether a running one must be stopped and started to become the other.
bool needs_restart(const Item& running, const Item& wanted);

// A group as this node is to run it.
struct GroupSpec {
  core::GroupName name;
  std::map<std::string, std::string> environment;
  std::vector<Item> items;
};
GroupSpec group_spec(const core::Config& config, const core::Group& group);

// What stays up while the group's programs are stopped for a while.
GroupSpec without_programs(GroupSpec spec);

// What the plan wants of this node.
struct Order {
  bool up = false;
  uint64_t ticket = 0;
  core::Event event = core::Event::start;
  bool old_owner_let_go = false;
  std::optional<core::NodeId> previous;
  uint64_t recover_count = 0;
  std::string factor;  // of a stop, for scripts: GROUPSTOP, GROUPMOVE, GROUPFAILOVER, SERVERDOWN
  friend bool operator==(const Order&, const Order&) = default;
};

// What scripts are told about the group's partitions (ARMS_DISK in chapter 1.4 of the guide).
enum class Disk { success, failure };

// What the caller is to do. At most one step is under way for a group at any time; its end is told
// by done().
struct StartStep {
  Item item;
  core::Event event;
};
struct StopStep {
  Item item;
};
// Runs the start script only to let it know that a partition could not be connected.
struct TellStep {
  Item item;
  core::Event event;
};
// The same, that a lost node came back while the group is up (RECOVER). It runs beside the steps
// and holds none of them up; a stop of the scripts breaks it off. Its end is told by recovered().
struct RecoverTask {
  Item item;
};
// Everything is down: the keeper forgets the group. The end of this step proves the release.
struct CloseStep {};
// This node cannot let go of the group; only its reset helps. It comes kLastWords later, so that
// the others hear why and do not start the group there again at once.
struct ResetNode {
  std::string why;
};
inline constexpr core::milliseconds kLastWords{100};
// A resource that failed is started again here, for the `attempt`th time within its window.
struct Mending {
  core::ResourceName resource;
  size_t attempt = 0;
  int limit = 0;
};
using Effect = std::variant<StartStep, StopStep, TellStep, RecoverTask, CloseStep, ResetNode,
                            Mending, core::Report>;

class GroupMachine {
 public:
  explicit GroupMachine(GroupSpec spec);

  // After a restart of tasukid: these resources were found up; of the others nothing is known.
  std::vector<Effect> adopt(uint64_t ticket, const std::vector<core::ResourceName>& up);
  std::vector<Effect> set_order(const Order& order);
  // A new configuration: what need not restart is left alone.
  std::vector<Effect> set_spec(GroupSpec spec);
  // The step under way ended. A start whose failure has the code ENOTRECOVERABLE could not undo
  // itself, which is as bad as a stop that failed.
  std::vector<Effect> done(const Result<void>& result, Time now);
  // The task that told the scripts of a node that came back has ended.
  std::vector<Effect> recovered();
  // A resource that was up is broken.
  std::vector<Effect> fault(const core::ResourceName& resource, const std::string& why, Time now);

  // A resource that is up is stopped and started again, which counts against nothing; only when it
  // can be.
  [[nodiscard]] bool can_start_again(const core::ResourceName& resource) const;
  std::vector<Effect> start_again(const core::ResourceName& resource);

  // What this node has of the group, for a hello; nothing when nothing is up and nothing under way.
  [[nodiscard]] std::optional<core::GroupReport> holds() const;
  [[nodiscard]] const GroupSpec& spec() const { return spec_; }
  [[nodiscard]] const Order& order() const { return order_; }
  [[nodiscard]] core::Phase phase() const { return phase_; }
  // Everything of the specification is up, nothing else is, and nothing is under way.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool idle() const { return phase_ == core::Phase::offline && !step_; }

 private:
  struct Slot {
    Item item;
    bool up = false;
    bool broken = false;         // up, found faulty, to be stopped and started again
    std::string early_fault;     // told while the word of its start's success was on its way
    std::vector<Time> restarts;  // within the window
  };
  enum class Doing { start, stop, tell, close };
  struct Step {
    Doing doing;
    core::ResourceName resource;
    uint64_t ticket;  // of the order it was begun for
  };

  [[nodiscard]] bool wants_up() const { return order_.up && failure_.empty(); }
  static Slot* find(std::vector<Slot>& slots, const core::ResourceName& resource);
  [[nodiscard]] bool is_under_way(Doing doing, const Slot& slot) const;
  void started(std::vector<Effect>& effects, const core::ResourceName& resource,
               Result<void> result, Time now);
  void stopped(const core::ResourceName& resource);
  void stick(std::vector<Effect>& effects, const std::string& why);
  void next(std::vector<Effect>& effects);
  void next_up(std::vector<Effect>& effects);
  void next_down(std::vector<Effect>& effects);
  [[nodiscard]] const Slot* last_to_mend() const;
  void begin_start(std::vector<Effect>& effects, const Slot& slot);
  void begin_stop(std::vector<Effect>& effects, const Slot& slot);
  // False when the group has no scripts.
  bool begin_tell(std::vector<Effect>& effects);
  void begin_recover(std::vector<Effect>& effects);
  [[nodiscard]] const Slot* scripts() const;
  void mend_or_fail(std::vector<Effect>& effects, Slot& slot, const std::string& why, Time now);
  void fail(const core::ResourceName& resource, const std::string& why);
  void move_to(std::vector<Effect>& effects, core::Phase phase);
  [[nodiscard]] core::GroupReport report() const;

  GroupSpec spec_;
  std::vector<Slot> slots_;    // in start order
  std::vector<Slot> leaving_;  // no longer in the specification, but up or starting
  Order order_;
  core::Phase phase_ = core::Phase::offline;
  std::string failure_;  // why the group goes down by itself
  bool open_ = false;    // something may be up, or the keeper knows the group
  bool disk_failed_ = false;
  bool disk_failure_told_ = false;
  std::optional<uint64_t> recovered_;  // unknown after tasukid started anew
  bool recovering_ = false;            // a RecoverTask runs
  uint64_t closed_ticket_ = 0;         // an order of this ticket is of the past
  std::optional<Step> step_;
};

}  // namespace tasuki::executor
