#include "cluster/simulation/slot_witness.hpp"

#include <fmt/format.h>

namespace tasuki::simulation {
namespace {

// Of a write that waits for the way to the witness.
constexpr Time kTriesAgain = 500ms;

}  // namespace

void SlotWitness::write(const witness::Slot& slot, std::function<void(bool)> done) {
  const bool waits = around_.chance.one_in(2);
  around_.agenda.after(around_.chance.take(around_.pace.witness),
                       [this, slot, waits, done = std::move(done)] { arrive(slot, waits, done); });
}

void SlotWitness::arrive(const witness::Slot& slot, bool waits,
                         const std::function<void(bool)>& done) {
  const bool reached = network_.reaches_witness(slot.node);
  if (!reached && waits)
    return around_.agenda.after(kTriesAgain, [this, slot, done] { arrive(slot, true, done); });
  const bool taken = reached && !refused_.contains(slot.node);
  const auto known = slots_.find(slot.node);
  if (taken && (known == slots_.end() || known->second.sequence < slot.sequence))
    slots_[slot.node] = slot;
  around_.agenda.after(around_.chance.take(around_.pace.witness), [done, taken] { done(taken); });
}

void SlotWitness::read(core::NodeId reader, std::vector<core::NodeId> nodes,
                       std::function<void(Read)> done) {
  read_next(reader, std::move(nodes), {}, std::move(done));
}

void SlotWitness::read_next(core::NodeId reader, std::vector<core::NodeId> nodes,
                            std::map<core::NodeId, witness::Look::Found> found,
                            std::function<void(Read)> done) {
  if (nodes.empty()) return done(std::move(found));
  around_.agenda.after(around_.chance.take(around_.pace.witness),
                       [=, this, nodes = std::move(nodes)]() mutable {
                         if (!network_.reaches_witness(reader)) return done(std::nullopt);
                         const core::NodeId node = nodes.front();
                         nodes.erase(nodes.begin());
                         const auto slot = slots_.find(node);
                         if (slot == slots_.end()) {
                           found[node] = {};
                         } else {
                           witness::Slot told = slot->second;
                           if (around_.hooks.witness_for_all && around_.hooks.witness_for_all())
                             told.claim = witness::Claim::none;
                           found[node] = {fmt::format("{}", told.sequence), told};
                         }
                         read_next(reader, std::move(nodes), std::move(found), std::move(done));
                       });
}

}  // namespace tasuki::simulation
