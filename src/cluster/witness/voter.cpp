#include "cluster/witness/voter.hpp"

#include <algorithm>
#include <ranges>

namespace tasuki::witness {

std::optional<core::NodeId> Voter::leader() const {
  if (standing_.nodes.empty()) return std::nullopt;
  return *standing_.nodes.begin();
}

bool Voter::leads() const {
  return leader() == self_;
}

void Voter::continue_from(const Slot& own) {
  sequence_ = std::max(sequence_, own.sequence);
  apart_ = own.apart;
  term_ = candidate_ = own.term;
}

bool Voter::stand(const Standing& standing, Moment now) {
  if (standing == standing_) return false;
  const bool same_nodes = standing.nodes == standing_.nodes;
  const bool same_ring = standing.ring == standing_.ring;
  const bool news = !same_nodes || !same_ring || standing.needs_vote != standing_.needs_vote;
  const bool same_side = standing.needs_vote && standing_.needs_vote && same_nodes;
  // A leader takes its vote along into a new ring of the same nodes: it is the side's, not the
  // ring's.
  const bool keeps_vote = same_side && leads();
  if (!same_side) stands_since_ = now;
  if (!standing.needs_vote || (!same_ring && !keeps_vote)) {
    claim_ = Claim::none;
    until_.reset();
    // In a ring that is over nobody counts on anything.
    if (!standing_.ring.empty() && !same_ring) {
      has_may_be_read_ = false;
      others_count_until_.reset();
    }
  }
  standing_ = standing;
  return news;
}

bool Voter::say(const Word& word, Moment now) {
  if (word.epoch != word_.epoch) epoch_known_since_ = now;
  const Reach reach_before = reach(now);
  const bool news = word.released != word_.released;
  word_ = word;
  return news || reach(now) != reach_before;
}

bool Voter::stands_still(const Known& known, Moment now) const {
  return now - known.since > times_.silence;
}

std::optional<uint64_t> Voter::take_written() {
  return std::exchange(written_, std::nullopt);
}

// A slot that cannot be read, or is blank, may hide a claim for ever; and so may one that the node
// has elsewhere.
Claim Voter::claim_of(core::NodeId node, const Known& known, Moment now) const {
  if (!known.slot || apart_.contains(node)) return Claim::has;
  return stands_still(known, now) ? Claim::none : known.slot->claim;
}

std::optional<core::NodeId> Voter::stranger() const {
  for (const auto& [node, known] : others_)
    if (!known.slot) return node;
  return std::nullopt;
}

std::vector<core::Released> Voter::released() const {
  std::vector<core::Released> words;
  for (const auto& [node, known] : others_)
    if (known.slot && known.slot->released && known.before && *known.before >= epoch_known_since_)
      words.push_back({node, *known.slot->released});
  return words;
}

std::optional<Moment> Voter::seen_with_groups(core::NodeId node) const {
  const auto found = others_.find(node);
  if (found == others_.end()) return std::nullopt;
  const Known& known = found->second;
  // What was found by the first look may be of any age.
  if (!known.before || !known.slot || known.slot->groups == 0) return std::nullopt;
  return known.since;
}

// What was asked before the split was answered over links that may be gone.
Reach Voter::reach(Moment now) const {
  if (!word_.pings || !standing_.needs_vote) return Reach::unknown;
  if (word_.reached && *word_.reached >= stands_since_) return Reach::yes;
  return now - stands_since_ > times_.look ? Reach::no : Reach::unknown;
}

// What the others of this side, or those of the other, who are awake have said since the split.
Reach Voter::reach_told(bool here, Moment now) const {
  Reach reach = Reach::unknown;
  for (const auto& [node, known] : others_) {
    const bool fresh = known.since > stands_since_ && now - known.since < 2 * times_.look;
    if (standing_.nodes.contains(node) != here || !fresh || !known.slot) continue;
    if (reach != Reach::yes && known.slot->reach != Reach::unknown) reach = known.slot->reach;
  }
  return reach;
}

bool Voter::waits_for_answer(Moment now) const {
  return word_.pings && standing_.needs_vote && !votes(now) && reach(now) != Reach::yes;
}

// The other side is awake, and reaches hosts outside that this one does not; when that is no
// difference, it runs more groups, or as many and has the lowest id.
bool Voter::should_lose(Moment now) const {
  size_t here = word_.groups;
  size_t there = 0;
  std::optional<core::NodeId> first_there;
  bool awake = false;
  for (const auto& [node, known] : others_) {
    const size_t groups = known.slot ? known.slot->groups : 0;
    if (standing_.nodes.contains(node)) {
      here += groups;
      continue;
    }
    if (!first_there) first_there = node;
    there += groups;
    awake |= now - known.since < 2 * times_.look;
  }
  if (!awake) return false;
  const bool any_here = reach_told(true, now) == Reach::yes;
  const Reach reach_here = any_here ? Reach::yes : reach(now);
  const Reach reach_there = reach_told(false, now);
  if (reach_here == Reach::yes && reach_there == Reach::no) return false;
  const bool both_reach_nobody = reach_here == Reach::no && reach_there == Reach::no;
  if (word_.pings && reach_here != Reach::yes && !both_reach_nobody) return true;
  return there > here || (there == here && *first_there < self_);
}

milliseconds Voter::pause(Moment now) const {
  return leads() && verdict(now) == Verdict::open ? times_.look / 4 : times_.look;
}

// A witness that somebody else has, and says so again and again, is lost for now, and one that does
// not answer; one that does, and whose last owner may still come back, is waited for.
Verdict Voter::verdict(Moment now) const {
  if (!standing_.needs_vote) return Verdict::no;
  if (votes(now)) return late_ ? Verdict::late : Verdict::yes;
  const bool another_has = std::ranges::any_of(others_, [&](const auto& entry) {
    const auto& [node, known] = entry;
    return known.slot && known.slot->claim == Claim::has && known.before &&
           known.since > stands_since_ && !standing_.nodes.contains(node);
  });
  return another_has || now >= decided_by() ? Verdict::no : Verdict::open;
}

Moment Voter::decided_by() const {
  const bool answers = last_read_ && *last_read_ >= stands_since_;
  return stands_since_ + times_.grace + (answers ? times_.silence + times_.look : milliseconds{});
}

std::optional<Moment> Voter::deadline(Moment now) const {
  if (votes(now)) return until_;
  if (verdict(now) == Verdict::open) return decided_by();
  return std::nullopt;
}

Slot Voter::begin(Moment now) {
  const bool may_claim = standing_.needs_vote && leads() && last_read_;
  if (!may_claim) {
    claim_ = Claim::none;
  } else if (claim_ == Claim::has && !votes(now)) {
    claim_ = Claim::wants;
  } else if (claim_ == Claim::none) {
    const bool taken = std::ranges::any_of(others_, [&](const auto& known) {
      return claim_of(known.first, known.second, now) != Claim::none;
    });
    const bool waits = should_lose(now) && now < stands_since_ + times_.grace;
    if (!taken && !waits) {
      claim_ = Claim::wants;
      candidate_ =
          std::max({term_, known_term_, highest_term([](core::NodeId) { return true; })}) + 1;
    }
  }
  has_may_be_read_ |= claim_ == Claim::has;
  const bool others_count = has_may_be_read_ || (others_count_until_ && now < *others_count_until_);
  // To others a wish says no less than a claim: not yet.
  const Claim told = claim_ == Claim::none && others_count ? Claim::wants : claim_;
  // One that dies while it wants the vote may have had it.
  const uint64_t term = claim_ == Claim::none ? std::max(term_, known_term_) : candidate_;
  to_be_found_ = said_;
  return {self_, ++sequence_,    told,       standing_.ring, word_.groups,
          term,  word_.released, reach(now), apart_};
}

void Voter::end(const Look& look) {
  if (look.written) written_ = sequence_;
  if (!look.others) return;
  compare_places(look);
  learn(look);
  if (look.written) note_written(look);
  if (leads())
    judge_own(look);
  else
    judge_leaders(look);
}

// A write that succeeded is found by every later read, so who reads something older reads another
// place.
void Voter::compare_places(const Look& look) {
  for (const auto& [node, found] : *look.others) {
    const auto said = to_be_found_.find(node);
    if (said == to_be_found_.end()) continue;
    if (!found.slot || found.slot->sequence < said->second)
      apart_.insert(node);
    else
      apart_.erase(node);
  }
  std::erase_if(apart_, [&](core::NodeId node) { return !look.others->contains(node); });
}

void Voter::learn(const Look& look) {
  for (const auto& [node, found] : *look.others) {
    const auto known = others_.find(node);
    if (known == others_.end())
      others_[node] = {found.text, found.slot, look.ended, std::nullopt};
    else if (known->second.text != found.text)
      known->second = {found.text, found.slot, look.ended, last_read_};
  }
  std::erase_if(others_, [&](const auto& known) { return !look.others->contains(known.first); });
  last_read_ = look.read_begun;
  if (!standing_.quorate) return;
  // What a node says in this ring it has claimed before.
  for (const auto& [node, known] : others_)
    if (known.slot && known.slot->ring == standing_.ring)
      known_term_ = std::max(known_term_, known.slot->term);
  known_term_ = std::max(known_term_, term_);
}

// Whatever was written before, no later look of another finds it.
void Voter::note_written(const Look& look) {
  if (claim_ == Claim::has || !has_may_be_read_) return;
  has_may_be_read_ = false;
  others_count_until_ = look.read_begun + times_.vote;
}

uint64_t Voter::highest_term(const std::function<bool(core::NodeId)>& counts) const {
  uint64_t highest = 0;
  for (const auto& [node, known] : others_)
    if (known.slot && counts(node)) highest = std::max(highest, known.slot->term);
  return highest;
}

bool Voter::another_side_decided() const {
  return highest_term([this](core::NodeId node) { return !standing_.nodes.contains(node); }) >
         known_term_;
}

void Voter::judge_own(const Look& look) {
  if (!look.written || claim_ == Claim::none) return;
  bool another_has = false;
  bool another_wants = false;
  bool lower_one_wants = false;
  for (const auto& [node, known] : others_) {
    const Claim claim = claim_of(node, known, look.ended);
    another_has |= claim == Claim::has;
    another_wants |= claim == Claim::wants;
    lower_one_wants |= claim == Claim::wants && node < self_;
  }
  if (another_has || (claim_ == Claim::wants && lower_one_wants)) {
    claim_ = Claim::none;
    until_.reset();
  } else if (!another_wants) {
    // Who only wants it reads of this claim, and withdraws.
    if (claim_ != Claim::has) late_ = another_side_decided();
    claim_ = Claim::has;
    term_ = candidate_;
    until_ = look.begun + times_.vote;
  }
}

// The vote of the ring's leader is the vote of all its members. They count it from a moment at
// which the leader's claim was not written yet.
void Voter::judge_leaders(const Look& look) {
  if (!standing_.needs_vote || look.read_first != leader()) return;
  const core::NodeId first = *standing_.nodes.begin();
  const bool disputed = std::ranges::any_of(others_, [&](const auto& known) {
    return known.first != first && claim_of(known.first, known.second, look.ended) != Claim::none;
  });
  const auto known = others_.find(first);
  if (disputed || known == others_.end() || !known->second.slot || !known->second.before) return;
  if (apart_.contains(first)) return;
  const Slot& slot = *known->second.slot;
  if (slot.claim != Claim::has || slot.ring != standing_.ring) return;
  if (!votes(look.ended)) late_ = another_side_decided();
  until_ = *known->second.before + times_.vote;
}

}  // namespace tasuki::witness
