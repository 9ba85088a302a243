// What must always hold, checked whenever something happened that could break it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cluster/simulation/world.hpp"
#include "tests/simulation/settings_oracle.hpp"

namespace tasuki::simulation {

struct Violation {
  std::string invariant;  // one word: owner, state, lost, stands, reason, flaps
  Time time{};
  std::string what;
};

class Checks {
 public:
  // Looks on from now on.
  explicit Checks(World& world);

  // What only lost nodes know of the group's settings may be given up, in words.
  void accept_loss(const core::GroupName& group) { settings_.forget(group); }
  // A fault, or an administrator's word: whatever moves or starts now may have its cause in it.
  void excuse();
  // Faults have stopped for long enough: every group that can run runs.
  void expect_peace();
  // So much happens that something goes round in a circle.
  void never_rests() { violate("rest", "the cluster never comes to rest"); }
  // From here on nothing may move without a cause of its own.
  void expect_stillness() { still_ = true; }
  void end_stillness() { still_ = false; }

  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  struct Acknowledged {
    uint64_t version = 0;
    std::string content;  // of intents and configuration
    uint64_t ring = 0;    // its number
  };

  void held(core::NodeId node, const core::GroupName& group);
  void let_go(core::NodeId node, const core::GroupName& group);
  void told(core::NodeId node);
  void reset(core::NodeId node, const std::string& why);
  void notice_ring(core::NodeId node);
  [[nodiscard]] bool nothing_may_happen() const;
  void compare_states(core::NodeId node);
  void check_acknowledged(core::NodeId node);
  void check_settings(core::NodeId node);
  void check_settings(core::NodeId node, const core::GroupName& group);
  void answered(core::NodeId via, const core::Change& change, const Result<uint64_t>& version);
  void expect_group(const core::Replica& one, const core::Group& group);
  [[nodiscard]] bool provable(const core::Replica& one, core::NodeId absent) const;
  void violate(const std::string& invariant, std::string what);

  World& world_;
  std::optional<Violation> violation_;
  bool still_ = false;
  Time ring_changed_at_{};
  // Since anything happened that could excuse them.
  std::map<core::GroupName, int> starts_;
  std::map<core::NodeId, int> resets_;
  std::map<core::NodeId, std::pair<std::string, Nodes>> rings_;  // and who takes part
  Acknowledged newest_;
  SettingsOracle settings_;
};

}  // namespace tasuki::simulation
