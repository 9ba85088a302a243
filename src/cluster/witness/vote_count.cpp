#include "cluster/witness/vote_count.hpp"

namespace tasuki::witness {

void VoteCount::engine_lost() {
  counted_.reset();
  judged_.reset();
}

Standing VoteCount::standing(size_t nodes) const {
  if (!counted_) return {};
  return {membership::ring_name(counted_->ring),
          {counted_->nodes.begin(), counted_->nodes.end()},
          counted_->quorate,
          !counted_->quorate && 2 * counted_->nodes.size() == nodes};
}

std::optional<membership::QuorumChanged> VoteCount::judge(Verdict verdict) {
  if (!counted_) return std::nullopt;
  const bool new_ring = !judged_ || judged_->ring != counted_->ring;
  if (new_ring && !counted_->quorate && verdict == Verdict::open) return std::nullopt;
  membership::QuorumChanged word = *counted_;
  // The right that comes late is lost first: then this side counts as one that may not know all.
  const bool has_vote = verdict == Verdict::yes || (verdict == Verdict::late && !new_ring);
  word.quorate = word.quorate || has_vote;
  if (judged_ == word) return std::nullopt;
  judged_ = word;
  return word;
}

}  // namespace tasuki::witness
