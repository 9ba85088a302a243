#include "cluster/simulation/hardware.hpp"

#include <algorithm>

namespace tasuki::simulation {

Hardware::Hardware(Surroundings& around, core::NodeId id, const Traits& traits)
    : around_(around), id_(id), traits_(traits), clock_(traits.drift) {}

void Hardware::power_off() {
  on_ = false;
  frozen_ = false;
  standing_.clear();
  armed_until_.reset();
  left_by_keeper.clear();
  power_.end();
  power_ = Life();
  if (clock_.stands()) clock_.go(around_.now());
  const auto held = std::exchange(held_, {});
  for (const auto& [group, resources] : held)
    if (on_let_go) on_let_go(group);
}

void Hardware::freeze() {
  frozen_ = true;
}

void Hardware::pause() {
  frozen_ = true;
  clock_.stop(around_.now());
}

void Hardware::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  if (clock_.stands()) {
    clock_.go(around_.now());
    if (armed_until_) watch();
  }
  for (const Standing& next : std::exchange(standing_, {}))
    around_.agenda.after(Time{}, [this, next] { on_processor(next.life, next.act); });
}

void Hardware::on_processor(const Life& life, const Act& act) {
  if (!life.lasts()) return;
  if (frozen_)
    standing_.push_back({life, act});
  else
    act();
}

void Hardware::after(Time delay, const Life& life, Act act) {
  around_.agenda.after(delay, [this, life, act = std::move(act)] { on_processor(life, act); });
}

void Hardware::at(core::Moment moment, const Life& life, Act act) {
  const Time when = clock_.when(moment, around_.now());
  around_.agenda.at(when, [this, moment, life, act = std::move(act)] {
    on_processor(life, [this, moment, life, act] {
      // It was paused in between.
      if (now() < moment)
        at(moment, life, act);
      else
        act();
    });
  });
}

void Hardware::arm_watchdog(core::milliseconds bound) {
  if (!traits_.watchdog) return;
  armed_until_ = now() + bound;
  watch();
}

void Hardware::watch() {
  const core::Moment until = *armed_until_;
  around_.agenda.at(clock_.when(until, around_.now()), [this, until, power = power_] {
    if (!power.lasts() || armed_until_ != until || clock_.stands()) return;
    if (now() < until) return watch();
    armed_until_.reset();
    on_watchdog();
  });
}

void Hardware::hold(const core::GroupName& group, const core::ResourceName& resource) {
  const bool first = !held_.contains(group);
  held_[group].insert(resource);
  if (first && on_held) on_held(group);
}

void Hardware::let_go(const core::GroupName& group, const core::ResourceName& resource) {
  const auto found = held_.find(group);
  if (found == held_.end()) return;
  found->second.erase(resource);
  if (!found->second.empty()) return;
  held_.erase(found);
  if (on_let_go) on_let_go(group);
}

bool Hardware::troubled(const core::GroupName& group) const {
  return std::ranges::any_of(troubles_, [&](const auto& entry) {
    return entry.first.first == group && entry.second != Trouble{};
  });
}

bool Hardware::holds(const core::GroupName& group, const core::ResourceName& resource) const {
  const auto found = held_.find(group);
  return found != held_.end() && found->second.contains(resource);
}

}  // namespace tasuki::simulation
