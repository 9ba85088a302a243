#include "cluster/simulation/slot_host.hpp"

#include <algorithm>

#include "cluster/core/state.hpp"

namespace tasuki::simulation {

SlotHost::~SlotHost() {
  life_.end();
  next_look_.end();
  deadline_.end();
}

void SlotHost::configure(const core::Config& config, const core::Timing& timing) {
  times_ = {timing.witness_look, timing.witness_vote, timing.witness_silence, timing.witness_grace};
  others_.clear();
  for (const core::Node& node : config.nodes)
    if (node.id != hardware_.id()) others_.push_back(node.id);
  const bool judges = core::nodes_judge_witness(config);
  const bool has_place = core::slot_place(config).has_value();
  if (!has_place || judges != stands_for_vote_) {
    // Of a look that is under way nothing is heard any more.
    life_.end();
    life_ = Life();
    looking_ = knows_own_slot_ = false;
    voter_.reset();
  }
  stands_for_vote_ = judges;
  if (has_place && !voter_) voter_ = std::make_unique<witness::Voter>(hardware_.id(), times_);
  if (voter_) voter_->set_times(times_);
  judge();
  look_again({});
}

void SlotHost::stand(const witness::Standing& standing, const witness::Word& word) {
  if (!voter_) return;
  bool news = voter_->say(word, hardware_.now());
  if (stands_for_vote_) news |= voter_->stand(standing, hardware_.now());
  judge();
  if (news) look_again({});
}

void SlotHost::look_again(core::milliseconds after) {
  if (looking_) {
    look_at_once_ |= after == core::milliseconds{};
    return;
  }
  next_look_.end();
  next_look_ = Life();
  hardware_.at(hardware_.now() + after, next_look_, [this] {
    if (voter_ && !looking_) look();
  });
}

void SlotHost::look() {
  looking_ = true;
  if (!knows_own_slot_) return learn_own_slot();
  const witness::Slot slot = voter_->begin(hardware_.now());
  witness::Look look;
  look.begun = hardware_.now();
  look.read_first = voter_->leader();
  witness_.write(slot, [this, look, life = life_](bool written) mutable {
    if (!life.lasts()) return;
    look.written = written;
    hardware_.after(Time{}, life, [this, look] { read_others(look); });
  });
}

void SlotHost::learn_own_slot() {
  const core::NodeId self = hardware_.id();
  witness_.read(self, {self}, [this, self, life = life_](SlotWitness::Read read) {
    if (!life.lasts()) return;
    hardware_.after(Time{}, life, [this, self, read = std::move(read)] {
      if (read && voter_) {
        const auto& slot = read->at(self).slot;
        if (slot) voter_->continue_from(*slot);
        knows_own_slot_ = look_at_once_ = true;
      }
      looked({});
    });
  });
}

void SlotHost::read_others(witness::Look look) {
  look.read_begun = hardware_.now();
  std::vector<core::NodeId> order = others_;
  std::ranges::partition(order, [&](core::NodeId node) { return node == look.read_first; });
  witness_.read(hardware_.id(), order, [this, look, life = life_](SlotWitness::Read read) mutable {
    if (!life.lasts()) return;
    hardware_.after(Time{}, life, [this, look, read = std::move(read)]() mutable {
      look.ended = hardware_.now();
      look.others = std::move(read);
      looked(look);
    });
  });
}

void SlotHost::looked(const witness::Look& look) {
  looking_ = false;
  if (!voter_) return;
  voter_->end(look);
  judge();
  looked_();
  const bool at_once = std::exchange(look_at_once_, false);
  look_again(at_once ? core::milliseconds{} : voter_->pause(hardware_.now()));
}

void SlotHost::judge() {
  const core::Moment now = hardware_.now();
  const auto verdict = voter_ ? voter_->verdict(now) : witness::Verdict::no;
  if (const auto deadline = voter_ ? voter_->deadline(now) : std::nullopt) {
    deadline_.end();
    deadline_ = Life();
    hardware_.at(*deadline, deadline_, [this] { judge(); });
  }
  if (std::exchange(verdict_, verdict) != verdict) changed_();
}

}  // namespace tasuki::simulation
