#include "cluster/simulation/power_switch.hpp"

#include <fmt/format.h>

#include "kit/duration.hpp"

namespace tasuki::simulation {

void PowerSwitch::set_health(SwitchHealth health) {
  health_ = {health};
}

SwitchHealth PowerSwitch::health(size_t level) const {
  return level < health_.size() ? health_[level] : SwitchHealth::works;
}

bool PowerSwitch::works(const core::Node& target) const {
  for (size_t level = 0; level < target.fence.size(); ++level)
    if (health(level) == SwitchHealth::works) return true;
  return false;
}

void PowerSwitch::prove_off(const core::Node& target, Hardware& by, const Life& life,
                            const std::function<void(Result<void>)>& done) {
  try_level(target, 0, "", by, life, done);
}

void PowerSwitch::try_level(const core::Node& target, size_t level, const std::string& reasons,
                            Hardware& by, const Life& life,
                            const std::function<void(Result<void>)>& done) {
  if (level == target.fence.size()) return done(failure(reasons));
  const core::FenceDevice& device = target.fence[level];
  const auto next = [=, this, &by](const std::string& why) {
    const std::string told = reasons.empty() ? "" : reasons + "; ";
    try_level(target, level + 1, fmt::format("{}level {}: {}", told, level + 1, why), by, life,
              done);
  };
  switch (health(level)) {
    case SwitchHealth::works: {
      const Time takes = around_.chance.take(around_.pace.power_off);
      around_.agenda.after(takes * 3 / 4, [this] { cut_power_(); });
      by.after(takes, life, [=] { done(Result<void>{}); });
      return;
    }
    case SwitchHealth::fails:
      by.after(around_.chance.take(around_.pace.agent_error), life, [=] {
        next(fmt::format("{} off failed (1): the switch does not answer", device.agent));
      });
      return;
    case SwitchHealth::hangs:
      by.after(device.limit, life, [=] {
        next(fmt::format("{} did not end within {}", device.agent, format_duration(device.limit)));
      });
      return;
  }
}

}  // namespace tasuki::simulation
