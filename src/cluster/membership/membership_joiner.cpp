#include "cluster/membership/membership_joiner.hpp"

#include <algorithm>
#include <utility>

namespace tasuki::membership {
namespace {

std::vector<core::NodeId> sorted(std::vector<core::NodeId> nodes) {
  std::ranges::sort(nodes);
  const auto repeated = std::ranges::unique(nodes);
  nodes.erase(repeated.begin(), repeated.end());
  return nodes;
}

}  // namespace

std::vector<Step> MembershipJoiner::observe(Observation observation) {
  std::vector<Step> steps;
  if (auto* quorum = std::get_if<QuorumChanged>(&observation)) {
    if (auto changed = on(std::move(*quorum))) steps.emplace_back(std::move(*changed));
  } else if (auto* ring = std::get_if<RingChanged>(&observation)) {
    on(std::move(*ring));
  } else if (auto* members = std::get_if<MembersChanged>(&observation)) {
    on(std::move(*members));
  } else {
    on(std::move(std::get<Message>(observation)));
  }
  std::ranges::move(tell_what_is_settled(), std::back_inserter(steps));
  return steps;
}

// Members that change with the ring are told with the ring.
void MembershipJoiner::on(MembersChanged change) {
  members_ = sorted(std::move(change.members));
  const bool ring_known = told_ || !waiting_.empty();
  if (change.cause == MembersChanged::Cause::process && ring_known)
    waiting_.emplace_back(NewMembers{members_});
}

void MembershipJoiner::on(RingChanged change) {
  waiting_.emplace_back(NewRing{std::move(change), members_});
}

void MembershipJoiner::on(Message message) {
  waiting_bytes_ += message.content.size();
  waiting_.emplace_back(std::move(message));
}

// Returns the membership anew when only its majority came or went.
std::optional<Membership> MembershipJoiner::on(QuorumChanged change) {
  const bool majority_changed =
      told_ && change.ring == told_->ring && change.quorate != told_->quorate;
  if (majority_changed) told_->quorate = change.quorate;
  change.nodes = sorted(std::move(change.nodes));
  quorum_.insert_or_assign(change.ring.sequence, std::move(change));
  return majority_changed ? told_ : std::nullopt;
}

std::vector<Step> MembershipJoiner::tell_what_is_settled() {
  std::vector<Step> steps;
  for (; !waiting_.empty(); waiting_.pop_front()) {
    Waiting& next = waiting_.front();
    if (auto* ring = std::get_if<NewRing>(&next)) {
      auto settled = settle(*ring);
      if (!settled) break;
      told_ = std::move(settled);
      quorum_.erase(quorum_.begin(), quorum_.lower_bound(told_->ring.sequence));
      steps.emplace_back(*told_);
    } else if (auto* change = std::get_if<NewMembers>(&next)) {
      told_->members = std::move(change->members);
      steps.emplace_back(*told_);
    } else {
      auto& message = std::get<Message>(next);
      waiting_bytes_ -= message.content.size();
      steps.emplace_back(std::move(message));
    }
  }
  return steps;
}

// The membership of this ring when the quorum service spoke of it, or of a later one, which means
// that it never will speak of this one. The nodes are those it counted: CPG's list lags behind when
// the group is joined while a ring forms.
std::optional<Membership> MembershipJoiner::settle(const NewRing& ring) const {
  const RingId id = ring.change.ring;
  if (const auto found = quorum_.find(id.sequence);
      found != quorum_.end() && found->second.ring == id)
    return Membership{id, found->second.quorate, ring.members, found->second.nodes};
  if (quorum_.upper_bound(id.sequence) != quorum_.end())
    return Membership{id, false, ring.members, sorted(ring.change.nodes)};
  return std::nullopt;
}

}  // namespace tasuki::membership
