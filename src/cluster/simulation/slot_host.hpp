// Looks at a witness that only keeps slots, as runner/slot_watch does.
#pragma once

#include <functional>
#include <memory>

#include "cluster/core/timing.hpp"
#include "cluster/simulation/hardware.hpp"
#include "cluster/simulation/slot_witness.hpp"

namespace tasuki::simulation {

class SlotHost {
 public:
  // `changed` is called when verdict() is another, `looked` after each look.
  SlotHost(Hardware& hardware, SlotWitness& witness, std::function<void()> changed,
           std::function<void()> looked)
      : hardware_(hardware),
        witness_(witness),
        changed_(std::move(changed)),
        looked_(std::move(looked)) {}
  SlotHost(const SlotHost&) = delete;
  SlotHost& operator=(const SlotHost&) = delete;
  ~SlotHost();

  void configure(const core::Config& config, const core::Timing& timing);
  void stand(const witness::Standing& standing, const witness::Word& word);
  void look_at_clock() { judge(); }
  [[nodiscard]] witness::Verdict verdict() const { return verdict_; }
  [[nodiscard]] std::vector<core::Released> released() const {
    return voter_ ? voter_->released() : std::vector<core::Released>{};
  }
  void heard_written(core::NodeId node, uint64_t sequence) {
    if (voter_) voter_->heard(node, sequence);
  }
  std::optional<uint64_t> take_written() { return voter_ ? voter_->take_written() : std::nullopt; }
  [[nodiscard]] std::optional<core::Moment> seen_with_groups(core::NodeId node) const {
    return voter_ ? voter_->seen_with_groups(node) : std::nullopt;
  }

 private:
  void look();
  void look_again(core::milliseconds after);
  void learn_own_slot();
  void read_others(witness::Look look);
  void looked(const witness::Look& look);
  void judge();

  Hardware& hardware_;
  SlotWitness& witness_;
  std::function<void()> changed_;
  std::function<void()> looked_;
  std::unique_ptr<witness::Voter> voter_;
  witness::Times times_{};
  std::vector<core::NodeId> others_;
  Life life_;
  Life next_look_;
  Life deadline_;
  bool looking_ = false;
  bool look_at_once_ = false;
  bool knows_own_slot_ = false;
  bool stands_for_vote_ = false;
  witness::Verdict verdict_ = witness::Verdict::no;
};

}  // namespace tasuki::simulation
