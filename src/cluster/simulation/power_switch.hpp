// A node's power switches, level by level, as the fence agents of the configuration find them.
#pragma once

#include <functional>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/simulation/hardware.hpp"

namespace tasuki::simulation {

enum class SwitchHealth { works, fails, hangs };

class PowerSwitch {
 public:
  PowerSwitch(Surroundings& around, std::function<void()> cut_power)
      : around_(around), cut_power_(std::move(cut_power)) {}

  // Of the first level; the others work.
  void set_health(SwitchHealth health);
  [[nodiscard]] bool works(const core::Node& target) const;
  // What guard::prove_power_off does for a program on `by`; the order reaches the switch although
  // whoever gave it ends.
  void prove_off(const core::Node& target, Hardware& by, const Life& life,
                 const std::function<void(Result<void>)>& done);

 private:
  void try_level(const core::Node& target, size_t level, const std::string& reasons, Hardware& by,
                 const Life& life, const std::function<void(Result<void>)>& done);
  [[nodiscard]] SwitchHealth health(size_t level) const;

  Surroundings& around_;
  std::function<void()> cut_power_;
  std::vector<SwitchHealth> health_;
};

}  // namespace tasuki::simulation
