// The vote of a witness that only keeps slots: looks at it again and again, and says whether this
// node's ring has the vote.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster/core/timing.hpp"
#include "cluster/witness/slots.hpp"
#include "cluster/witness/voter.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class Vote {
 public:
  // `key`: the cluster's, with which slots are sealed. `changed` is called when verdict() is
  // another.
  Vote(asio::io_context& io, core::NodeId self, std::string key, std::function<void()> changed);
  Vote(const Vote&) = delete;
  Vote& operator=(const Vote&) = delete;
  // Waits for a look that is under way.
  ~Vote();

  // Before anything else, and whenever the configuration changed. Nothing is looked at when the
  // witness is none of this kind.
  void configure(const core::Config& config, const core::Timing& timing);
  void stand(const witness::Standing& standing);
  // Before anything that was heard is acted upon: a vote may have ended while this node stood
  // still.
  void look_at_clock() { judge(); }

  // `no` when the witness is none of this kind.
  [[nodiscard]] witness::Verdict verdict() const { return verdict_; }
  // Why the witness is of no use now; empty when all is well.
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
  std::optional<core::Witness> witness_;
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
