#include "cluster/executor/group_machine.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "kit/assert.hpp"

namespace tasuki::executor {

using core::Phase;

namespace {

bool is_partition(const Item& item) {
  return std::holds_alternative<core::Partition>(item.resource.what);
}
bool runs_programs(const Item& item) {
  return item.service || std::holds_alternative<core::Scripts>(item.resource.what);
}
// A program may have files open there, and a mount point may lie there.
bool may_use_partitions(const Item& item) {
  return runs_programs(item) || is_partition(item);
}

}  // namespace

bool needs_restart(const Item& running, const Item& wanted) {
  return core::needs_restart(running.resource, wanted.resource) ||
         running.service.has_value() != wanted.service.has_value() ||
         (running.service && core::needs_restart(*running.service, *wanted.service));
}

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

GroupSpec without_programs(GroupSpec spec) {
  std::erase_if(spec.items, runs_programs);
  return spec;
}

GroupMachine::GroupMachine(GroupSpec spec) : spec_(std::move(spec)) {
  for (const Item& item : spec_.items) slots_.emplace_back().item = item;
}

std::vector<Effect> GroupMachine::adopt(uint64_t ticket,
                                        const std::vector<core::ResourceName>& up) {
  TASUKI_ASSERT(!open_);
  open_ = true;
  order_.ticket = ticket;
  order_.up = true;
  for (Slot& slot : slots_) {
    // What was not found up may still be up in part: it is stopped before anything else.
    slot.up = true;
    slot.broken = std::ranges::find(up, slot.item.resource.name) == up.end();
  }
  phase_ = std::ranges::none_of(slots_, &Slot::broken) ? Phase::online : Phase::starting;
  // Whether it should stay up is for the plan to say; until then nothing is touched.
  return {};
}

std::vector<Effect> GroupMachine::set_order(const Order& order) {
  std::vector<Effect> effects;
  if (phase_ == Phase::stuck || (order.up && order.ticket == closed_ticket_)) return effects;
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
  if (new_holding && open_) effects.emplace_back(core::Report{report()});
  next(effects);
  return effects;
}

// What stands on a partition that changes must leave it first and come back after it.
std::vector<Effect> GroupMachine::set_spec(GroupSpec spec) {
  const bool new_environment = spec.environment != spec_.environment;
  bool partition_changes = false;
  std::vector<Slot> kept;
  for (Slot& old : slots_) {
    const auto wanted = std::ranges::find(spec.items, old.item.resource.name,
                                          [](const Item& item) { return item.resource.name; });
    const bool stays = wanted != spec.items.end() && !needs_restart(old.item, *wanted) &&
                       !(new_environment && runs_programs(old.item)) &&
                       !(partition_changes && may_use_partitions(old.item));
    partition_changes |= !stays && is_partition(old.item);
    if (stays)
      kept.push_back(std::move(old));
    else if (old.up || is_under_way(Doing::start, old))
      leaving_.push_back(std::move(old));
  }
  slots_.clear();
  for (const Item& item : spec.items) {
    Slot* old = find(kept, item.resource.name);
    slots_.push_back(old != nullptr ? std::move(*old) : Slot{});
    slots_.back().item = item;
  }
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
  switch (step.doing) {
    case Doing::start:
      if (!result && result.error().code == ENOTRECOVERABLE) {
        stick(effects, fmt::format("{}: {}", step.resource, result.error().what));
        return effects;
      }
      started(effects, step.resource, result, now);
      break;
    case Doing::stop:
      if (!result) {
        stick(effects, fmt::format("{} cannot be stopped: {}", step.resource, result.error().what));
        return effects;
      }
      stopped(step.resource);
      break;
    case Doing::tell:
      break;  // the script's failure is in the log; the group's fate does not hang on it
    case Doing::close:
      if (!result) {
        stick(effects, result.error().what);
        return effects;
      }
      open_ = false;
      closed_ticket_ = step.ticket;
      if (order_.ticket != step.ticket) break;  // told meanwhile to hold it anew
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

void GroupMachine::started(std::vector<Effect>& effects, const core::ResourceName& resource,
                           Result<void> result, Time now) {
  if (Slot* leaving = find(leaving_, resource)) {
    leaving->up = result.has_value();
    std::erase_if(leaving_, [](const Slot& slot) { return !slot.up; });
    return;
  }
  Slot* slot = find(slots_, resource);
  TASUKI_ASSERT(slot != nullptr);
  const std::string early_fault = std::exchange(slot->early_fault, "");
  slot->up = result.has_value();
  if (result && early_fault.empty()) return;
  const std::string& why = result ? early_fault : result.error().what;
  disk_failed_ = !result && is_partition(slot->item);
  if (disk_failed_) return fail(resource, why);
  mend_or_fail(effects, *slot, why, now);
}

void GroupMachine::stopped(const core::ResourceName& resource) {
  // One that leaves comes first: a changed resource of the same name starts only after it stopped.
  Slot* slot = find(leaving_, resource);
  if (slot == nullptr) slot = find(slots_, resource);
  TASUKI_ASSERT(slot != nullptr);
  slot->up = slot->broken = false;
  std::erase_if(leaving_, [](const Slot& left) { return !left.up; });
}

void GroupMachine::stick(std::vector<Effect>& effects, const std::string& why) {
  failure_ = why;
  move_to(effects, Phase::stuck);
  effects.emplace_back(ResetNode{why});
}

std::vector<Effect> GroupMachine::fault(const core::ResourceName& resource, const std::string& why,
                                        Time now) {
  std::vector<Effect> effects;
  Slot* slot = find(slots_, resource);
  if (slot == nullptr || find(leaving_, resource) != nullptr || !wants_up()) return effects;
  if (is_under_way(Doing::start, *slot)) slot->early_fault = why;
  if (!slot->up || slot->broken || is_under_way(Doing::stop, *slot)) return effects;
  mend_or_fail(effects, *slot, why, now);
  next(effects);
  return effects;
}

bool GroupMachine::can_start_again(const core::ResourceName& resource) const {
  const auto slot = std::ranges::find_if(
      slots_, [&](const Slot& known) { return known.item.resource.name == resource; });
  return slot != slots_.end() && slot->up && wants_up() && !is_under_way(Doing::stop, *slot);
}

std::vector<Effect> GroupMachine::start_again(const core::ResourceName& resource) {
  TASUKI_ASSERT(can_start_again(resource));
  find(slots_, resource)->broken = true;
  std::vector<Effect> effects;
  next(effects);
  return effects;
}

bool GroupMachine::settled() const {
  return phase_ == Phase::online && !step_ && leaving_.empty() &&
         std::ranges::all_of(slots_, [](const Slot& slot) { return slot.up && !slot.broken; });
}

std::optional<core::GroupReport> GroupMachine::holds() const {
  if (!open_) return std::nullopt;
  return report();
}

GroupMachine::Slot* GroupMachine::find(std::vector<Slot>& slots,
                                       const core::ResourceName& resource) {
  const auto found = std::ranges::find_if(
      slots, [&](const Slot& slot) { return slot.item.resource.name == resource; });
  return found == slots.end() ? nullptr : &*found;
}

bool GroupMachine::is_under_way(Doing doing, const Slot& slot) const {
  return step_ && step_->doing == doing && step_->resource == slot.item.resource.name;
}

void GroupMachine::next(std::vector<Effect>& effects) {
  if (step_ || phase_ == Phase::stuck) return;
  if (wants_up()) return next_up(effects);
  if (open_) next_down(effects);
}

void GroupMachine::next_up(std::vector<Effect>& effects) {
  open_ = true;
  if (!leaving_.empty()) return begin_stop(effects, leaving_.back());
  if (const Slot* slot = last_to_mend()) return begin_stop(effects, *slot);
  const auto down = std::ranges::find_if(slots_, [](const Slot& slot) { return !slot.up; });
  if (down != slots_.end()) {
    if (phase_ != Phase::online) move_to(effects, Phase::starting);
    return begin_start(effects, *down);
  }
  if (phase_ != Phase::online) move_to(effects, Phase::online);
  if (!recovering_) begin_recover(effects);
}

void GroupMachine::begin_recover(std::vector<Effect>& effects) {
  const uint64_t recovered = recovered_.value_or(order_.recover_count);
  recovered_ = order_.recover_count;
  const Slot* const told = scripts();
  if (order_.recover_count <= recovered || told == nullptr) return;
  recovering_ = true;
  effects.emplace_back(RecoverTask{told->item});
}

std::vector<Effect> GroupMachine::recovered() {
  recovering_ = false;
  std::vector<Effect> effects;
  next(effects);
  return effects;
}

// What is broken, and what stands on a broken partition, from the last to the first.
const GroupMachine::Slot* GroupMachine::last_to_mend() const {
  const Slot* last = nullptr;
  bool partition_is_broken = false;
  for (const Slot& slot : slots_) {
    if (!slot.up) continue;
    if (slot.broken || (partition_is_broken && may_use_partitions(slot.item))) last = &slot;
    partition_is_broken |= slot.broken && is_partition(slot.item);
  }
  return last;
}

void GroupMachine::next_down(std::vector<Effect>& effects) {
  if (disk_failed_ && !disk_failure_told_) {
    disk_failure_told_ = true;
    if (begin_tell(effects)) return;
  }
  if (phase_ != Phase::stopping) move_to(effects, Phase::stopping);
  if (!leaving_.empty()) return begin_stop(effects, leaving_.back());
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot)
    if (slot->up) return begin_stop(effects, *slot);
  step_ = Step{Doing::close, {}, order_.ticket};
  effects.emplace_back(CloseStep{});
}

void GroupMachine::begin_start(std::vector<Effect>& effects, const Slot& slot) {
  step_ = Step{Doing::start, slot.item.resource.name, order_.ticket};
  effects.emplace_back(StartStep{slot.item, order_.event});
}

void GroupMachine::begin_stop(std::vector<Effect>& effects, const Slot& slot) {
  step_ = Step{Doing::stop, slot.item.resource.name, order_.ticket};
  effects.emplace_back(StopStep{slot.item});
}

const GroupMachine::Slot* GroupMachine::scripts() const {
  const auto found = std::ranges::find_if(slots_, [](const Slot& slot) {
    return std::holds_alternative<core::Scripts>(slot.item.resource.what);
  });
  return found == slots_.end() ? nullptr : &*found;
}

bool GroupMachine::begin_tell(std::vector<Effect>& effects) {
  const Slot* const told = scripts();
  if (told == nullptr) return false;
  step_ = Step{Doing::tell, told->item.resource.name, order_.ticket};
  effects.emplace_back(TellStep{told->item, order_.event});
  return true;
}

// A resource that fails is tried again in place as often as the configuration allows within its
// window; then the group goes down, to be started elsewhere.
void GroupMachine::mend_or_fail(std::vector<Effect>& effects, Slot& slot, const std::string& why,
                                Time now) {
  const core::Resource& resource = slot.item.resource;
  std::erase_if(slot.restarts, [&](Time then) { return now - then >= resource.restart_window; });
  if (slot.restarts.size() >= static_cast<size_t>(resource.restarts))
    return fail(resource.name, why);
  slot.restarts.push_back(now);
  slot.broken = slot.up;
  effects.emplace_back(Mending{resource.name, slot.restarts.size(), resource.restarts});
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
    const char* state = slot.up ? "up" : "down";
    if (slot.broken) state = "failed";
    if (is_under_way(Doing::start, slot)) state = "starting";
    if (is_under_way(Doing::stop, slot)) state = "stopping";
    report.resources.push_back({slot.item.resource.name, state});
  }
  return report;
}

}  // namespace tasuki::executor
