#include "tests/simulation/settings_oracle.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::simulation {
namespace {

// One of which nobody knows whether it is made may still be on its way for a moment.
constexpr Time kOnItsWay = 1min;

}  // namespace

void SettingsOracle::asked(const SettingWrite& write, Time now) {
  writes_[write.group][write.id].push_back({write.number, write.erases, now});
}

void SettingsOracle::answered(const SettingWrite& write, settings::Verdict verdict, Time now) {
  for (Write& asked : writes_[write.group][write.id])
    if (asked.number == write.number) {
      asked.verdict = verdict;
      asked.answered = now;
    }
}

bool SettingsOracle::outdated(const Write& write, const std::vector<Write>& all) {
  if (!write.verdict) return false;
  const Time over =
      write.answered + (write.verdict == settings::Verdict::made ? Time{} : kOnItsWay);
  return std::ranges::any_of(all, [&](const Write& other) {
    return other.verdict == settings::Verdict::made && other.asked > over;
  });
}

std::string SettingsOracle::contradiction(const std::string* found, const std::vector<Write>& all) {
  bool was_set = false;  // for certain
  for (const Write& write : all) {
    was_set |= write.verdict == settings::Verdict::made;
    const bool says_so =
        found == nullptr ? write.erases : !write.erases && *found == std::to_string(write.number);
    if (!says_so) continue;
    if (write.verdict == settings::Verdict::elsewhere) {
      if (found != nullptr) return "is there, and was refused";
    } else if (!outdated(write, all)) {
      return "";
    } else if (found != nullptr) {
      return "is there, and a later one was acknowledged";
    }
  }
  if (found != nullptr) return "";  // of a time that was given up
  return was_set ? "is gone, and one was acknowledged" : "";
}

std::string SettingsOracle::contradiction(const core::GroupName& group,
                                          const settings::Content& content) const {
  const auto known = writes_.find(group);
  if (known == writes_.end()) return "";
  for (const auto& [id, all] : known->second) {
    const std::string* found = content.find(id);
    if (const std::string what = contradiction(found, all); !what.empty())
      return fmt::format("{} of group {} {}", found == nullptr ? "a setting" : "setting " + *found,
                         group, what);
  }
  return "";
}

}  // namespace tasuki::simulation
