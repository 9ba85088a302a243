// One server without its programs: power, processor, clock, watchdog, and what the kernel holds of
// the groups. A frozen one does nothing until it wakes, and then goes on where it was.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cluster/core/ids.hpp"
#include "cluster/process/keeper_state.hpp"
#include "cluster/simulation/life.hpp"
#include "cluster/simulation/local_clock.hpp"
#include "cluster/simulation/surroundings.hpp"

namespace tasuki::simulation {

// What happens to a resource here.
struct Trouble {
  bool start_fails = false;
  bool start_hangs = false;
  bool stop_hangs = false;
  friend bool operator==(const Trouble&, const Trouble&) = default;
};

struct Traits {
  int64_t drift = 0;
  bool watchdog = true;   // one that goes on when the kernel hangs
  bool pausable = false;  // a virtual machine: the watchdog stops with it
};

class Hardware {
 public:
  Hardware(Surroundings& around, core::NodeId id, const Traits& traits);
  Hardware(const Hardware&) = delete;
  Hardware& operator=(const Hardware&) = delete;

  [[nodiscard]] core::NodeId id() const { return id_; }
  [[nodiscard]] const Traits& traits() const { return traits_; }
  [[nodiscard]] bool on() const { return on_; }
  [[nodiscard]] bool frozen() const { return frozen_; }
  [[nodiscard]] bool runs() const { return on_ && !frozen_; }
  void power_on() { on_ = true; }
  void power_off();
  void freeze();  // the watchdog goes on
  void pause();   // the clock and the watchdog stop, too
  void thaw();

  [[nodiscard]] core::Moment now() const { return clock_.at(around_.now()); }
  // Does it on this node's processor while `life` lasts: after a time, or when the clock here shows
  // a moment.
  void after(Time delay, const Life& life, Act act);
  void at(core::Moment moment, const Life& life, Act act);

  void arm_watchdog(core::milliseconds bound);
  void disarm_watchdog() { armed_until_.reset(); }
  [[nodiscard]] std::optional<core::Moment> armed_until() const { return armed_until_; }
  std::function<void()> on_watchdog;  // the node is to be reset
  process::Left left_by_keeper;       // in /run (KeeperLife)

  // What of a group is up here, or half-way up, or half-way down.
  void hold(const core::GroupName& group, const core::ResourceName& resource);
  void let_go(const core::GroupName& group, const core::ResourceName& resource);
  [[nodiscard]] bool holds(const core::GroupName& group) const { return held_.contains(group); }
  [[nodiscard]] bool holds(const core::GroupName& group, const core::ResourceName& resource) const;
  std::function<void(const core::GroupName&)> on_held;  // it was nothing before
  std::function<void(const core::GroupName&)> on_let_go;

  Trouble& trouble(const core::GroupName& group, const core::ResourceName& resource) {
    return troubles_[{group, resource}];
  }
  [[nodiscard]] bool troubled(const core::GroupName& group) const;
  void mend(const core::GroupName& group) {
    std::erase_if(troubles_, [&](const auto& entry) { return entry.first.first == group; });
  }

 private:
  void on_processor(const Life& life, const Act& act);
  void watch();

  Surroundings& around_;
  core::NodeId id_;
  Traits traits_;
  LocalClock clock_;
  bool on_ = false;
  bool frozen_ = false;
  struct Standing {
    Life life;
    Act act;
  };
  std::deque<Standing> standing_;  // what comes as soon as it wakes
  std::optional<core::Moment> armed_until_;
  Life power_;
  std::map<core::GroupName, std::set<core::ResourceName>> held_;
  std::map<std::pair<core::GroupName, core::ResourceName>, Trouble> troubles_;
};

}  // namespace tasuki::simulation
