// The part of the replica that people's changes go through: proposed, stored by every member,
// acknowledged. What is on a disk stays, because it may have been acknowledged.
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "cluster/core/replica.hpp"
#include "kit/assert.hpp"

namespace tasuki::core {
namespace {

// More changes than this waiting for the disks means that somebody floods the cluster.
constexpr size_t kPendingMax = 256;

}  // namespace

Ready Replica::request(const std::string& id, const Change& change) {
  if (!may_decide()) {
    ready_.outcomes.push_back({id, failure(obstacle(), EPERM)});
    return take();
  }
  auto possible =
      state_.durable.has_accepted(id) ? Result<void>{} : check_change(state_, view_.view, change);
  if (!possible) {
    ready_.outcomes.push_back({id, failure(possible.error())});
    return take();
  }
  asked_.insert(id);
  ready_.send.emplace_back(Propose{id, change});
  return take();
}

Ready Replica::adopt_config(const AppliedConfig& applied) {
  TASUKI_ASSERT(state_.durable.epoch == 0);
  const uint64_t counter = state_.durable.applied.counter + 1;
  state_.durable.applied = applied;
  state_.durable.applied.counter = counter;
  ++state_.durable.version;
  write_now();
  // Said again, so that those who wait for agreement hear of it.
  if (connected_) ready_.send.emplace_back(hello());
  return take();
}

Ready Replica::confirm_down_alone(NodeId node) {
  const ConfirmNodeDown vouched{node};
  if (connected_) {
    ready_.send.emplace_back(Propose{
        fmt::format("{} vouches for {} at {}", self_, node, state_.durable.version), vouched});
    return take();
  }
  state_.durable.vouched = vouched_after(state_, view_.view, node);
  state_.durable.let_go[node] = LetGo::confirmed;
  apply_side_effects(state_, vouched);
  ready_.notes.push_back(describe(state_, vouched));
  write_now();
  return take();
}

void Replica::advance_pending() {
  while (!pending_.empty()) {
    Pending& first = pending_.front();
    // It was made before; that every member has it on its disk must still be known.
    if (!first.active && state_.durable.has_accepted(first.id)) {
      first.active = first.made_before = true;
      first.next = state_.durable;
      write_now();
    }
    // What is acknowledged is on every disk together with the word that the epoch is, too.
    if (!first.active && may_decide() && !settled()) return;
    if (!first.active) {
      // A side that may not decide comes to it by somebody's word that the others are down.
      const bool vouched = std::holds_alternative<ConfirmNodeDown>(first.change);
      auto possible = (may_decide() || vouched) && pending_.size() <= kPendingMax
                          ? check_change(state_, view_.view, first.change)
                          : Result<void>(failure("the cluster cannot accept changes now", EAGAIN));
      if (!possible) {
        answer(first.id, failure(possible.error()));
        pending_.pop_front();
        continue;
      }
      first.active = true;
      first.next = changed(state_, view_.view, first.change);
      first.next.remember_accepted(first.id);
      write_now();
    }
    const bool on_every_disk = std::ranges::includes(first.stored, view_.view.members);
    if (!on_every_disk) return;
    Pending done = std::move(first);
    pending_.pop_front();
    commit(std::move(done));
  }
}

void Replica::commit(Pending pending) {
  const std::string id = pending.id;
  take_over(std::move(pending));
  answer(id, state_.durable.version);
  if (!informed_) informed_ = knows_newest(state_, hellos_);
  gain_or_lose_right();
}

void Replica::take_over(Pending pending) {
  renew_proofs(pending);
  if (pending.made_before) return;
  ready_.notes.push_back(describe(state_, pending.change));
  state_.durable = std::move(pending.next);
  apply_side_effects(state_, pending.change);
}

// Epochs, proofs, what got stuck or was owned twice and who has the settings, after the change was
// accepted are newer than what it was made from.
void Replica::renew_proofs(Pending& pending) const {
  pending.next.epoch = state_.durable.epoch;
  pending.next.epoch_members = state_.durable.epoch_members;
  pending.next.settled_epoch = state_.durable.settled_epoch;
  pending.next.last_epochs = state_.durable.last_epochs;
  pending.next.let_go = state_.durable.let_go;
  pending.next.stuck = state_.durable.stuck;
  pending.next.conflicts = state_.durable.conflicts;
  pending.next.vouched = state_.durable.vouched;
  // What somebody has looked at is not to be remembered.
  const auto* retry = std::get_if<RetryGroup>(&pending.change);
  const auto* start = std::get_if<StartGroup>(&pending.change);
  if (retry != nullptr) pending.next.conflicts.erase(retry->group);
  if (retry != nullptr || start != nullptr)
    pending.next.stuck.erase(retry != nullptr ? retry->group : start->group);
  pending.next.has_settings = settings_after(state_, view_.view, pending.change);
  if (const auto* confirm = std::get_if<ConfirmNodeDown>(&pending.change)) {
    pending.next.vouched = vouched_after(state_, view_.view, confirm->node);
    pending.next.let_go[confirm->node] = LetGo::confirmed;
  }
}

// A change that is on this node's disk may have been acknowledged by a member that is lost now. It
// stays; if it was not, whoever asked was told to ask again, and finds it done.
void Replica::end_pending(const std::string& why) {
  for (const Pending& pending : pending_) answer(pending.id, failure(why, EAGAIN));
  if (!pending_.empty() && pending_.front().on_disk) take_over(std::move(pending_.front()));
  pending_.clear();
}

void Replica::answer(const std::string& id, Result<uint64_t> version) {
  if (asked_.erase(id) > 0) ready_.outcomes.push_back({id, std::move(version)});
}

void Replica::write_now() {
  const uint64_t number = ++write_number_;
  if (!pending_.empty() && pending_.front().active) {
    // The file holds one state: the change on its way is written again with the rest of it.
    Pending& first = pending_.front();
    renew_proofs(first);
    first.write_number = number;
    ready_.write = Ready::Write{number, first.next, stale_, forgetful_};
    return;
  }
  ready_.write = Ready::Write{number, state_.durable, stale_, forgetful_};
}

}  // namespace tasuki::core
