// Looks at a witness that only keeps slots, as runner/vote does.
#pragma once

#include <functional>
#include <memory>

#include "cluster/core/timing.hpp"
#include "cluster/simulation/hardware.hpp"
#include "cluster/simulation/slot_witness.hpp"

namespace tasuki::simulation {

class VoteHost {
 public:
  // `changed` is called when verdict() is another.
  VoteHost(Hardware& hardware, SlotWitness& witness, std::function<void()> changed)
      : hardware_(hardware), witness_(witness), changed_(std::move(changed)) {}
  VoteHost(const VoteHost&) = delete;
  VoteHost& operator=(const VoteHost&) = delete;
  ~VoteHost();

  void configure(const core::Config& config, const core::Timing& timing);
  void stand(const witness::Standing& standing);
  void look_at_clock() { judge(); }
  [[nodiscard]] witness::Verdict verdict() const { return verdict_; }

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
  std::unique_ptr<witness::Voter> voter_;
  witness::Times times_{};
  std::vector<core::NodeId> others_;
  Life life_;
  Life next_look_;
  Life deadline_;
  bool looking_ = false;
  bool look_at_once_ = false;
  bool knows_own_slot_ = false;
  witness::Verdict verdict_ = witness::Verdict::no;
};

}  // namespace tasuki::simulation
