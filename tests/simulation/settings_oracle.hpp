// What a setting that follows a group may be, given what was acknowledged: a register that each
// change sets at one moment between its asking and its answer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/settings/content.hpp"
#include "cluster/simulation/world.hpp"

namespace tasuki::simulation {

class SettingsOracle {
 public:
  void asked(const SettingWrite& write, Time now);
  void answered(const SettingWrite& write, settings::Verdict verdict, Time now);
  // What only lost nodes knew was given up in words.
  void forget() { writes_.clear(); }
  void forget(const core::GroupName& group) { writes_.erase(group); }

  // What of the group's content, where the group is active, cannot be; empty when all can.
  [[nodiscard]] std::string contradiction(const core::GroupName& group,
                                          const settings::Content& content) const;

 private:
  struct Write {
    uint64_t number = 0;
    bool erases = false;
    Time asked{};
    std::optional<settings::Verdict> verdict = {};
    Time answered{};
  };
  // Whether an acknowledged one was asked for when this one was over.
  [[nodiscard]] static bool outdated(const Write& write, const std::vector<Write>& all);
  static std::string contradiction(const std::string* found, const std::vector<Write>& all);

  std::map<core::GroupName, std::map<std::string, std::vector<Write>>> writes_;
};

}  // namespace tasuki::simulation
