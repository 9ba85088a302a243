// Looks again and again at the place where nodes keep slots: a witness that only keeps them, or the
// disk of [lease]. Says whether this node's ring has the witness's vote, and who let go of
// everything.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/core/timing.hpp"
#include "cluster/runner/clock.hpp"
#include "cluster/witness/slots.hpp"
#include "cluster/witness/voter.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class SlotWatch {
 public:
  // `key`: the cluster's, with which slots are sealed. `changed` is called when verdict() is
  // another, `looked` after each look.
  SlotWatch(asio::io_context& io, core::NodeId self, std::string key, std::function<void()> changed,
            std::function<void()> looked);
  SlotWatch(const SlotWatch&) = delete;
  SlotWatch& operator=(const SlotWatch&) = delete;
  // Waits for a look that is under way.
  ~SlotWatch();

  // Before anything else, and whenever the configuration changed. Nothing is looked at when it
  // names no such place.
  void configure(const core::Config& config, const core::Timing& timing);
  // Again whenever either may be another.
  void stand(const witness::Standing& standing, const witness::Word& word);
  // As in witness::Voter.
  [[nodiscard]] bool waits_for_answer() const { return voter_ && voter_->waits_for_answer(now()); }
  // Before anything that was heard is acted upon: a vote may have ended while this node stood
  // still.
  void look_at_clock() { judge(); }

  // `no` when nodes do not judge the witness.
  [[nodiscard]] witness::Verdict verdict() const { return verdict_; }
  // As in witness::Voter.
  [[nodiscard]] std::vector<core::Released> released() const;
  [[nodiscard]] std::optional<Moment> seen_with_groups(core::NodeId node) const;
  // As in witness::Voter.
  void heard_written(core::NodeId node, uint64_t sequence);
  std::optional<uint64_t> take_written();
  [[nodiscard]] std::set<core::NodeId> apart() const;
  // Why the place is of no use now; empty when all is well.
  [[nodiscard]] std::string problem() const;

 private:
  // What a look needs on its worker, where it may hang.
  struct Place;
  struct Seen;

  void look();
  void look_again(core::milliseconds after);
  void heard(const std::shared_ptr<Place>& place, Seen seen);
  void judge();

  asio::io_context& io_;
  core::NodeId self_;
  std::string key_;
  std::function<void()> changed_;
  std::function<void()> looked_;
  std::optional<core::Witness> wanted_place_;
  bool stands_for_vote_ = false;
  std::map<core::NodeId, std::string> names_;
  std::shared_ptr<Place> place_;
  witness::Times times_{};
  std::unique_ptr<witness::Voter> voter_;
  asio::steady_timer look_timer_;
  asio::steady_timer end_timer_;
  bool looking_ = false;
  bool look_at_once_ = false;
  bool knows_own_slot_ = false;
  witness::Verdict verdict_ = witness::Verdict::no;
  std::string problem_;
  core::Moment last_good_look_{};
  asio::thread_pool worker_{1};
};

}  // namespace tasuki::runner
