#include "cluster/executor/group_machine.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kit/assert.hpp"

namespace tasuki::executor {

using core::Phase;

GroupSpec group_spec(const core::Config& config, const core::Group& group) {
  GroupSpec spec{group.name, group.environment, {}};
  for (const core::Resource& resource : group.resources) {
    Item item{resource, {}};
    if (const auto* use = std::get_if<core::ServiceUse>(&resource.what))
      item.service = *config.find_service(use->service);
    spec.items.push_back(std::move(item));
  }
  return spec;
}

GroupMachine::GroupMachine(GroupSpec spec) : spec_(std::move(spec)) {
  for (const Item& item : spec_.items) slots_.push_back({item, false, false, {}});
}

std::vector<Effect> GroupMachine::adopt(uint64_t ticket,
                                        const std::vector<core::ResourceName>& up) {
  TASUKI_ASSERT(!open_);
  open_ = true;
  order_.ticket = ticket;
  order_.up = true;
  for (Slot& slot : slots_) slot.up = std::ranges::find(up, slot.item.resource.name) != up.end();
  phase_ = std::ranges::all_of(slots_, &Slot::up) ? Phase::online : Phase::starting;
  // Whether it should stay up is for the plan to say; until then nothing is touched.
  return {};
}

std::vector<Effect> GroupMachine::set_order(const Order& order) {
  std::vector<Effect> effects;
  if (order.up && order.ticket == closed_ticket_) return effects;
  const bool new_holding = order.up && order.ticket != order_.ticket;
  if (new_holding) {
    failure_.clear();
    disk_failed_ = false;
    disk_failure_told_ = false;
    recovered_ = order.recover_count;
    for (Slot& slot : slots_) slot.restarts.clear();
  }
  const uint64_t ticket = order.up ? order.ticket : order_.ticket;
  order_ = order;
  order_.ticket = ticket;
  next(effects);
  return effects;
}

std::vector<Effect> GroupMachine::set_spec(GroupSpec spec) {
  std::vector<Slot> slots;
  for (const Item& item : spec.items) {
    Slot slot{item, false, false, {}};
    const auto same =
        std::ranges::find_if(slots_, [&](const Slot& old) { return old.item == item; });
    if (same != slots_.end() && spec.environment == spec_.environment) {
      slot = std::move(*same);
      slots_.erase(same);
    }
    slots.push_back(std::move(slot));
  }
  for (Slot& old : slots_) {
    const bool under_way = step_ && step_->resource == old.item.resource.name;
    if (old.up || under_way) leaving_.push_back(std::move(old));
  }
  slots_ = std::move(slots);
  spec_ = std::move(spec);
  std::vector<Effect> effects;
  next(effects);
  return effects;
}

std::vector<Effect> GroupMachine::done(const Result<void>& result, Time now) {
  TASUKI_ASSERT(step_);
  const Step step = *step_;
  step_.reset();
  std::vector<Effect> effects;
  Slot* slot = find(step.resource);
  switch (step.doing) {
    case Doing::start:
      TASUKI_ASSERT(slot != nullptr);
      if (result) {
        slot->up = true;
      } else if (std::holds_alternative<core::Partition>(slot->item.resource.what)) {
        disk_failed_ = true;
        fail(step.resource, result.error().what);
      } else {
        mend_or_fail(*slot, result.error().what, now);
      }
      break;
    case Doing::stop:
      TASUKI_ASSERT(slot != nullptr);
      if (!result) {
        failure_ = fmt::format("{} cannot be stopped: {}", step.resource, result.error().what);
        move_to(effects, Phase::stuck);
        effects.emplace_back(ResetNode{failure_});
        return effects;
      }
      slot->up = false;
      slot->broken = false;
      std::erase_if(leaving_, [&](const Slot& old) {
        return old.item.resource.name == step.resource && !old.up;
      });
      break;
    case Doing::recover:
    case Doing::disk_failure_script:
      break;  // the script's failure is in the log; the group's fate does not hang on it
    case Doing::close:
      if (!result) {
        failure_ = result.error().what;
        move_to(effects, Phase::stuck);
        effects.emplace_back(ResetNode{failure_});
        return effects;
      }
      open_ = false;
      closed_ticket_ = order_.ticket;
      move_to(effects, Phase::offline);
      order_.up = false;
      failure_.clear();
      return effects;
  }
  // A group stays online while one of its resources is mended or a new one is added.
  if (phase_ == Phase::online) effects.emplace_back(core::Report{report()});
  next(effects);
  return effects;
}

std::vector<Effect> GroupMachine::fault(const core::ResourceName& resource, const std::string& why,
                                        Time now) {
  std::vector<Effect> effects;
  Slot* slot = find(resource);
  if (slot == nullptr || !slot->up || slot->broken || phase_ == Phase::stuck) return effects;
  if (wants_up()) mend_or_fail(*slot, why, now);
  next(effects);
  return effects;
}

std::optional<core::GroupReport> GroupMachine::holds() const {
  if (!open_) return std::nullopt;
  return report();
}

GroupMachine::Slot* GroupMachine::find(const core::ResourceName& resource) {
  const auto named = [&](const Slot& slot) { return slot.item.resource.name == resource; };
  // One that leaves comes first: a changed resource of the same name starts only after it stopped.
  if (const auto found = std::ranges::find_if(leaving_, named); found != leaving_.end())
    return &*found;
  const auto found = std::ranges::find_if(slots_, named);
  return found == slots_.end() ? nullptr : &*found;
}

void GroupMachine::next(std::vector<Effect>& effects) {
  if (step_ || phase_ == Phase::stuck) return;
  if (wants_up()) return next_up(effects);
  if (open_) next_down(effects);
}

void GroupMachine::next_up(std::vector<Effect>& effects) {
  open_ = true;
  const auto must_stop = [](const Slot& slot) { return slot.up && slot.broken; };
  if (!leaving_.empty()) return begin(effects, Doing::stop, leaving_.back());
  if (const auto broken = std::ranges::find_if(slots_, must_stop); broken != slots_.end())
    return begin(effects, Doing::stop, *broken);
  const auto down = std::ranges::find_if(slots_, [](const Slot& slot) { return !slot.up; });
  if (down != slots_.end()) {
    if (phase_ != Phase::online) move_to(effects, Phase::starting);
    return begin(effects, Doing::start, *down);
  }
  if (phase_ != Phase::online) move_to(effects, Phase::online);
  if (recovered_ == order_.recover_count) return;
  recovered_ = order_.recover_count;
  const auto scripts = std::ranges::find_if(slots_, [](const Slot& slot) {
    return std::holds_alternative<core::Scripts>(slot.item.resource.what);
  });
  if (scripts != slots_.end()) begin(effects, Doing::recover, *scripts);
}

void GroupMachine::next_down(std::vector<Effect>& effects) {
  if (disk_failed_ && !disk_failure_told_) {
    disk_failure_told_ = true;
    const auto scripts = std::ranges::find_if(slots_, [](const Slot& slot) {
      return std::holds_alternative<core::Scripts>(slot.item.resource.what);
    });
    if (scripts != slots_.end()) return begin(effects, Doing::disk_failure_script, *scripts);
  }
  if (phase_ != Phase::stopping) move_to(effects, Phase::stopping);
  if (!leaving_.empty()) return begin(effects, Doing::stop, leaving_.back());
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot)
    if (slot->up) return begin(effects, Doing::stop, *slot);
  step_ = Step{Doing::close, {}};
  effects.emplace_back(CloseStep{});
}

void GroupMachine::begin(std::vector<Effect>& effects, Doing doing, const Slot& slot) {
  step_ = Step{doing, slot.item.resource.name};
  switch (doing) {
    case Doing::start:
      effects.emplace_back(StartStep{slot.item, order_.event, Disk::success});
      break;
    case Doing::disk_failure_script:
      effects.emplace_back(StartStep{slot.item, order_.event, Disk::failure});
      break;
    case Doing::stop:
      effects.emplace_back(StopStep{slot.item});
      break;
    case Doing::recover:
      effects.emplace_back(RecoverStep{slot.item});
      break;
    case Doing::close:
      TASUKI_ASSERT(false);
  }
}

// A resource that fails is tried again in place as often as the configuration allows within its
// window; then the group goes down, to be started elsewhere.
void GroupMachine::mend_or_fail(Slot& slot, const std::string& why, Time now) {
  const core::Resource& resource = slot.item.resource;
  std::erase_if(slot.restarts, [&](Time then) { return now - then >= resource.restart_window; });
  if (slot.restarts.size() >= static_cast<size_t>(resource.restarts))
    return fail(resource.name, why);
  slot.restarts.push_back(now);
  slot.broken = slot.up;
}

void GroupMachine::fail(const core::ResourceName& resource, const std::string& why) {
  failure_ = fmt::format("{}: {}", resource, why);
}

void GroupMachine::move_to(std::vector<Effect>& effects, Phase phase) {
  phase_ = phase;
  effects.emplace_back(core::Report{report()});
}

core::GroupReport GroupMachine::report() const {
  core::GroupReport report{spec_.name, order_.ticket, phase_, failure_, {}};
  for (const Slot& slot : slots_) {
    const bool under_way = step_ && step_->resource == slot.item.resource.name;
    const char* state = slot.up ? "up" : "down";
    if (under_way && step_->doing == Doing::start) state = "starting";
    if (under_way && step_->doing == Doing::stop) state = "stopping";
    report.resources.push_back({slot.item.resource.name, state});
  }
  return report;
}

}  // namespace tasuki::executor
