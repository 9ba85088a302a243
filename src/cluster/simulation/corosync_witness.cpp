// The witness of corosync.cpp: a qnetd with the algorithm ffsplit. It gives its vote to the ring of
// which most nodes are in touch with it, and to a new one only when the vote of the one before is
// surely over.
#include <algorithm>
#include <utility>

#include "cluster/simulation/corosync.hpp"

namespace tasuki::simulation {
namespace {

// qnetd takes a client for lost one and a half heartbeats (of a second) after the last one.
constexpr Range kMissedAfter{500ms, 1s, 1500ms};
// A node takes the witness for lost when it does not answer a heartbeat within the timeout.
constexpr Range kLostAfter{500ms, 1s, 1250ms};
constexpr Range kMetAfter{100ms, 300ms, 1s};

}  // namespace

bool Corosync::meets_witness(core::NodeId node) const {
  const auto engine = engines_.find(node);
  return engine != engines_.end() && engine->second.config.nodes.contains(node) &&
         hardware_(node).runs() && network_.reaches_witness(node);
}

void Corosync::look_at_witness() {
  for (const core::NodeId voter : voters_)
    if (!meets_witness(voter))
      missed_since_.try_emplace(voter, around_.now() + around_.chance.take(kMissedAfter));
  for (auto& [node, engine] : engines_) {
    if (engine.config.witness_votes == 0) continue;
    if (meets_witness(node))
      meet_witness(node);
    else
      miss_witness(node);
  }
  around_.agenda.after(around_.chance.take(around_.pace.witness), [this] { judge(); });
}

void Corosync::meet_witness(core::NodeId node) {
  Engine& engine = engines_.at(node);
  engine.witness_lost_at.reset();
  if (engine.knows_witness && engine.vote && favourite_ != engine.ring) {
    // It slept for so long that the witness gave it up.
    engine.knows_witness = engine.vote = false;
    tell_quorum(node);
  }
  if (engine.knows_witness) return;
  hardware_(node).after(around_.chance.take(kMetAfter), engine.life, [this, node] {
    Engine& met = engines_.at(node);
    if (met.knows_witness || !meets_witness(node)) return;
    met.knows_witness = true;
    judge();
  });
}

void Corosync::miss_witness(core::NodeId node) {
  Engine& engine = engines_.at(node);
  if (!engine.knows_witness || engine.witness_lost_at) return;
  engine.witness_lost_at = around_.now();
  hardware_(node).after(around_.chance.take(kLostAfter), engine.life, [this, node] {
    Engine& lost = engines_.at(node);
    if (!lost.witness_lost_at) return;
    lost.witness_lost_at.reset();
    lost.knows_witness = false;
    answer(node, false);
  });
}

// Of the rings that the witness sees, the one with most nodes; the one that has the vote, when that
// is equal; else the one with the lowest id.
std::optional<uint64_t> Corosync::best_ring() const {
  std::optional<uint64_t> best;
  size_t most = 0;
  std::map<uint64_t, size_t> seen;
  for (const auto& [node, engine] : engines_)
    if (engine.knows_witness && meets_witness(node)) ++seen[engine.ring];
  for (const auto& [sequence, count] : seen) {
    const bool lower = best && *rings_.at(sequence).nodes.begin() < *rings_.at(*best).nodes.begin();
    const bool preferred = favourite_ == sequence || (lower && favourite_ != best);
    if (count < most || (count == most && !preferred)) continue;
    best = sequence;
    most = count;
  }
  return best;
}

// Takes the vote back from those in touch, and waits for the others to be given up.
bool Corosync::old_votes_are_over(uint64_t best) {
  std::optional<Time> over;
  for (const core::NodeId voter : Nodes(voters_)) {
    const auto engine = engines_.find(voter);
    if (meets_witness(voter) && !missed_since_.contains(voter)) {
      if (engine->second.ring != best) answer(voter, false);
      voters_.erase(voter);
      continue;
    }
    const auto missed = missed_since_.find(voter);
    if (missed != missed_since_.end() && missed->second > around_.now()) {
      over = std::max(over.value_or(Time{}), missed->second);
      continue;
    }
    voters_.erase(voter);
    missed_since_.erase(voter);
  }
  if (over) around_.agenda.at(*over, [this] { judge(); });
  return !over;
}

void Corosync::judge() {
  const auto best = best_ring();
  if (!best) return;
  if (favourite_ != best && !old_votes_are_over(*best)) return;
  favourite_ = best;
  for (auto& [node, engine] : engines_) {
    if (!engine.knows_witness || !meets_witness(node)) continue;
    const bool favoured = engine.ring == *best;
    if (favoured) {
      voters_.insert(node);
      missed_since_.erase(node);
    }
    const bool given =
        favoured || (around_.hooks.witness_for_all && around_.hooks.witness_for_all());
    if (given != engine.vote || engine.waits_for_vote) answer(node, given);
  }
}

void Corosync::answer(core::NodeId node, bool vote) {
  Engine& engine = engines_.at(node);
  const bool news = engine.vote != vote || engine.waits_for_vote;
  engine.vote = vote;
  engine.waits_for_vote = false;
  if (news) tell_quorum(node);
}

}  // namespace tasuki::simulation
