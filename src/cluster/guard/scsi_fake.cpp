#include "cluster/guard/scsi_fake.hpp"

#include <utility>

#include <fmt/format.h>

#include "kit/assert.hpp"

namespace tasuki::guard {
namespace {

std::unexpected<ScsiFailure> conflict() {
  return std::unexpected(ScsiFailure{ScsiRefusal::conflict, "reservation conflict"});
}

bool is_for_registrants(ReservationType type) {
  return type == ReservationType::write_exclusive_registrants_only ||
         type == ReservationType::exclusive_access_registrants_only;
}

}  // namespace

void FakeLun::connect(const std::string& nexus) {
  attentions_.try_emplace(nexus);
}

void FakeLun::establish(const std::string& nexus, Attention attention) {
  attentions_.at(nexus).insert(attention);
}

// SAM-5 5.14: one condition with each command, and the command is not carried out. What a power cut
// left to say comes first.
ScsiAnswer<void> FakeLun::admit(const std::string& nexus) {
  if (failed_.contains(nexus)) return std::unexpected(ScsiFailure{ScsiRefusal::gone, "no answer"});
  auto& waiting = attentions_.at(nexus);
  if (waiting.empty()) return {};
  const Attention attention = *waiting.begin();
  waiting.erase(waiting.begin());
  switch (attention) {
    case Attention::power_on:
      return std::unexpected(ScsiFailure{ScsiRefusal::unit_attention, "29h/01h power on"});
    case Attention::reset:
      return std::unexpected(ScsiFailure{ScsiRefusal::unit_attention, "29h/02h reset"});
    case Attention::released:
      return std::unexpected(ScsiFailure{ScsiRefusal::unit_attention, "2Ah/04h released"});
    case Attention::reservations_preempted:
      return std::unexpected(ScsiFailure{ScsiRefusal::preempted, "2Ah/03h reservations preempted"});
    case Attention::registrations_preempted:
      return std::unexpected(
          ScsiFailure{ScsiRefusal::preempted, "2Ah/05h registrations preempted"});
  }
  std::unreachable();
}

ScsiAnswer<void> FakeLun::admit_reservations(const std::string& nexus) {
  if (auto admitted = admit(nexus); !admitted) return admitted;
  if (is_reserved_the_old_way_) return conflict();
  if (has_reservations) return {};
  return std::unexpected(
      ScsiFailure{ScsiRefusal::invalid_command, "Illegal Request, Invalid command operation code"});
}

ScsiAnswer<Keys> FakeLun::read_keys(const std::string& nexus) {
  if (auto admitted = admit_reservations(nexus); !admitted)
    return std::unexpected(admitted.error());
  Keys keys{generation_, {}};
  for (const auto& [registered, key] : registrations_) keys.keys.push_back(key);
  return keys;
}

ScsiAnswer<std::optional<Holder>> FakeLun::read_reservation(const std::string& nexus) {
  if (auto admitted = admit_reservations(nexus); !admitted)
    return std::unexpected(admitted.error());
  return reservation();
}

ScsiAnswer<Capabilities> FakeLun::report_capabilities(const std::string& nexus) {
  if (auto admitted = admit_reservations(nexus); !admitted)
    return std::unexpected(admitted.error());
  return offers;
}

ScsiAnswer<void> FakeLun::reserve_out(const std::string& nexus, const ReserveOut& out) {
  if (auto admitted = admit_reservations(nexus); !admitted) return admitted;
  switch (out.action) {
    case ReserveAction::enroll:
    case ReserveAction::enroll_ignoring_existing_key:
      return enroll(nexus, out);
    case ReserveAction::reserve:
      return reserve(nexus, out);
    case ReserveAction::release:
      return release(nexus, out);
    case ReserveAction::preempt_and_abort:
      if (is_mixed_up(nexus)) return conflict();
      if (has_preempt_and_abort) return preempt(nexus, out);
      return std::unexpected(
          ScsiFailure{ScsiRefusal::invalid_command, "Illegal Request, Invalid field in cdb"});
  }
  std::unreachable();
}

bool FakeLun::is_mixed_up(const std::string& nexus) const {
  const auto machine = [](const std::string& name) { return name.substr(0, name.find(' ')); };
  return mixes_up_sessions && held_ && held_->nexus != nexus &&
         machine(held_->nexus) == machine(nexus);
}

bool FakeLun::is_registered_as(const std::string& nexus, ReservationKey key) const {
  const auto registration = registrations_.find(nexus);
  return registration != registrations_.end() && registration->second == key;
}

// SPC-4 5.12.7: a nexus that is not registered gives the key 0, another one its own; the second
// action looks at neither. The holder stays the holder when its key changes.
ScsiAnswer<void> FakeLun::enroll(const std::string& nexus, const ReserveOut& out) {
  const bool knows_itself =
      is_registered_as(nexus, out.key) || (out.key.value == 0 && !registrations_.contains(nexus));
  if (out.action == ReserveAction::enroll && !knows_itself) return conflict();
  if (out.aptpl && !offers.aptpl)
    return std::unexpected(ScsiFailure{ScsiRefusal::other, "Invalid field in parameter list"});
  ++generation_;
  aptpl_ = out.aptpl;
  if (out.service_action_key.value == 0)
    unregister(nexus);
  else
    registrations_[nexus] = out.service_action_key;
  return {};
}

// SPC-4 5.12.11.3: the holder's unregistering ends the reservation.
void FakeLun::unregister(const std::string& nexus) {
  if (registrations_.erase(nexus) != 0 && held_ && held_->nexus == nexus) end_reservation(nexus);
}

// SPC-4 5.12.11.2: the other registrants hear of it where the type was for registrants.
void FakeLun::end_reservation(const std::string& by_nexus) {
  const Held ended = *std::exchange(held_, std::nullopt);
  if (!is_for_registrants(ended.type)) return;
  for (const auto& [nexus, key] : registrations_)
    if (nexus != by_nexus) establish(nexus, Attention::released);
}

// SPC-4 5.12.9: again by the holder with the same type is fine, everything else on a reserved unit
// is not, from another path of the same node either.
ScsiAnswer<void> FakeLun::reserve(const std::string& nexus, const ReserveOut& out) {
  if (!reserving_unregistered_conflicts && !registrations_.contains(nexus))
    return std::unexpected(
        ScsiFailure{ScsiRefusal::other, "Not Ready, Logical unit communication failure"});
  if (!is_registered_as(nexus, out.key)) return conflict();
  if (!held_)
    held_ = Held{nexus, out.type};
  else if (held_->nexus != nexus || held_->type != out.type)
    return conflict();
  return {};
}

// SPC-4 5.12.11.2: from a registrant that is not the holder it does nothing.
ScsiAnswer<void> FakeLun::release(const std::string& nexus, const ReserveOut& out) {
  if (!is_registered_as(nexus, out.key)) return conflict();
  if (held_ && held_->nexus == nexus) {
    if (held_->type != out.type)
      return std::unexpected(
          ScsiFailure{ScsiRefusal::other, "Invalid release of persistent reservation"});
    end_reservation(nexus);
  }
  return {};
}

// SPC-4 5.12.11.4: the key's registrations go, but for that of the nexus that preempts; if the key
// was the holder's, that nexus holds the reservation from now on.
ScsiAnswer<void> FakeLun::preempt(const std::string& nexus, const ReserveOut& out) {
  if (!is_registered_as(nexus, out.key)) return conflict();
  if (out.service_action_key.value == 0)
    return std::unexpected(ScsiFailure{ScsiRefusal::other, "Invalid field in parameter list"});
  std::set<std::string> victims = registered_with(out.service_action_key);
  if (victims.empty()) return conflict();
  ++generation_;
  const bool moves = held_ && victims.contains(held_->nexus);
  const bool new_type = moves && held_->type != out.type;
  victims.erase(nexus);
  for (const std::string& victim : victims) {
    registrations_.erase(victim);
    establish(victim, Attention::registrations_preempted);
  }
  if (moves) held_ = Held{nexus, out.type};
  if (new_type)
    for (const auto& [registered, key] : registrations_)
      if (registered != nexus) establish(registered, Attention::released);
  return {};
}

// SPC-4 5.12.11.6.
ScsiAnswer<void> FakeLun::clear(const std::string& nexus, ReservationKey key) {
  if (auto admitted = admit_reservations(nexus); !admitted) return admitted;
  if (!is_registered_as(nexus, key)) return conflict();
  ++generation_;
  for (const auto& [registered, registered_key] : registrations_)
    if (registered != nexus) establish(registered, Attention::reservations_preempted);
  registrations_.clear();
  held_.reset();
  return {};
}

// SPC-4 5.12.1, the table of what a reservation allows.
bool FakeLun::takes_writes_of(const std::string& nexus) const {
  if (!held_) return true;
  if (is_mixed_up(nexus)) return false;
  return is_for_registrants(held_->type) ? registrations_.contains(nexus) : held_->nexus == nexus;
}

ScsiAnswer<void> FakeLun::write(const std::string& nexus) {
  if (auto admitted = admit(nexus); !admitted) return admitted;
  if (!takes_writes_of(nexus)) return conflict();
  return {};
}

std::optional<Holder> FakeLun::reservation() const {
  if (!held_) return std::nullopt;
  return Holder{registrations_.at(held_->nexus), held_->type};
}

std::set<std::string> FakeLun::registered_with(ReservationKey key) const {
  std::set<std::string> nexuses;
  for (const auto& [nexus, registered] : registrations_)
    if (registered == key) nexuses.insert(nexus);
  return nexuses;
}

// SPC-4 5.12.5.1 and 6.15.2: the generation begins anew even where all the rest is kept.
void FakeLun::cut_power() {
  generation_ = 0;
  if (!aptpl_) {
    registrations_.clear();
    held_.reset();
  }
  for (auto& [nexus, waiting] : attentions_) waiting = {Attention::power_on};
}

void FakeLun::reset() {
  for (const auto& [nexus, waiting] : attentions_) establish(nexus, Attention::reset);
}

std::string FakeLun::describe() const {
  std::string text = fmt::format("generation {}{}{}", generation_, aptpl_ ? ", aptpl" : "",
                                 is_reserved_the_old_way_ ? ", reserved the old way" : "");
  for (const auto& [nexus, key] : registrations_)
    text += fmt::format(", {} = {:#x}", nexus, key.value);
  if (held_)
    text += fmt::format(", held by {} with type {}", held_->nexus, std::to_underlying(held_->type));
  for (const auto& [nexus, waiting] : attentions_)
    for (const Attention attention : waiting)
      text += fmt::format(", {} hears {}", nexus, std::to_underlying(attention));
  for (const std::string& nexus : failed_) text += fmt::format(", {} is down", nexus);
  return text;
}

FakePath::FakePath(FakeLun& lun, std::string nexus) : lun_(lun), nexus_(std::move(nexus)) {
  lun_.connect(nexus_);
}

std::vector<std::unique_ptr<ScsiPath>> fake_paths(FakeLun& lun,
                                                  const std::vector<std::string>& nexuses) {
  std::vector<std::unique_ptr<ScsiPath>> paths;
  for (const std::string& nexus : nexuses) paths.push_back(std::make_unique<FakePath>(lun, nexus));
  return paths;
}

}  // namespace tasuki::guard
