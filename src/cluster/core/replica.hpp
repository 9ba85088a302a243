// How members come to hold one state and keep it. A pure machine: it is told what happened, and
// returns what is to be sent, written to disk and answered. The caller does these in that order.
//
// In a new membership every member says hello; the one that knows most gives its state to those
// that know less; then all apply the same messages in the same order and plan alike. A change that
// somebody asked for is acknowledged only when every member has it on its disk; what is on a disk
// stays, because it may have been acknowledged.
//
// The rule it protects: only a side that may decide and knows the newest acknowledged state plans.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/core/agreement.hpp"
#include "cluster/core/message.hpp"
#include "cluster/core/note.hpp"
#include "cluster/core/plan.hpp"
#include "cluster/core/state.hpp"

namespace tasuki::core {

// The membership as the engine gives it.
struct EngineView {
  std::string ring;  // equal at all its members
  View view;
  friend bool operator==(const EngineView&, const EngineView&) = default;
};

// The answer to a local change request.
struct Outcome {
  std::string id;
  Result<uint64_t> version;  // error code EAGAIN: the membership changed meanwhile, ask again
};

// What the caller is to do, in this order.
struct Ready {
  struct Write {
    uint64_t number;  // to be given back to written()
    Durable durable;
    bool stale;
    bool forgetful;
  };
  std::vector<Message> send;
  std::optional<Write> write;
  std::vector<Outcome> outcomes;
  std::vector<Note> notes;
};

class Replica {
 public:
  // `stale`: the node had lost the right to decide when it last wrote. `holds`: what the keeper
  // says is still up here, asked again at every hello.
  Replica(NodeId self, Durable durable, bool stale,
          std::function<std::vector<GroupReport>()> holds);

  // Before the first membership.
  void tell_hardware(const Hardware& hardware) { hardware_ = hardware; }

  // Before the first membership: as in Hello.
  void is_forgetful() { forgetful_ = true; }

  // Before the first membership: the time of day, for people, as ISO 8601.
  void tell_time(std::function<std::string()> time) { time_ = std::move(time); }

  // Before the first membership: what this node has of the settings, asked at every hello.
  void tell_settings(std::function<std::map<GroupName, SettingsStand>()> settings) {
    settings_ = std::move(settings);
  }

  // Before the first membership: this node was off since it wrote its state, and those that it knew
  // to be down may have been started meanwhile. A vouch for one is forgotten; where a proof would
  // let it decide alone, every proof is.
  void was_off();

  // It stood still for longer than the others wait for it: what they decided meanwhile it does not
  // know, whatever it hears first when it wakes.
  void overslept();

  Ready membership_changed(const EngineView& engine);
  Ready engine_lost();
  Ready delivered(NodeId from, const Message& message);
  Ready written(uint64_t number);
  // Asks all members for a change; the outcome comes with a later Ready.
  Ready request(const std::string& id, const Change& change);
  // A node that belongs to no cluster yet, or whose peers disagree, takes a configuration by
  // itself.
  Ready adopt_config(const AppliedConfig& applied);
  // An administrator vouches that a node is down while this side may not decide or may lack news.
  // It takes effect when every member has it on its disk, and is forgotten when the membership
  // changes before.
  Ready confirm_down_alone(NodeId node);

  [[nodiscard]] NodeId self() const { return self_; }
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const View& view() const { return view_.view; }
  // All members have said hello and hold one state.
  [[nodiscard]] bool agreed() const { return agreed_; }
  [[nodiscard]] bool right_to_decide() const { return has_right_to_decide(state_, view_.view); }
  // What this node's own engine says now; it may lose its right before all members have heard of
  // it.
  [[nodiscard]] bool right_here() const;
  // This node may go on with what it owns, because nobody can decide without its engine. Of two
  // nodes without a witness each may: the other decides alone only after this one's power is off.
  [[nodiscard]] bool may_keep() const;
  // Knows the newest acknowledged state.
  [[nodiscard]] bool informed() const { return informed_; }
  [[nodiscard]] bool stale() const { return stale_; }
  [[nodiscard]] bool may_decide() const { return agreed_ && informed_ && right_to_decide(); }
  // Names the membership and the configuration: in another one, who has the settings is judged
  // anew.
  [[nodiscard]] std::string settings_basis() const;
  // What is agreed upon now stays true whatever node is lost: every member has the epoch on its
  // disk.
  [[nodiscard]] bool epoch_settled() const { return may_decide() && settled(); }
  // The epoch that this node was in last, when it starts nothing any more before it is a member of
  // a newer one.
  [[nodiscard]] std::optional<uint64_t> ended_epoch() const;
  // Whether `word` proves what was not proved before.
  [[nodiscard]] bool is_news(const Released& word) const;
  [[nodiscard]] const std::vector<FenceOrder>& fences() const { return fences_; }
  // Why no agreement is reached; empty when it is.
  [[nodiscard]] std::string obstacle() const;

 private:
  struct Pending {
    std::string id;
    Change change;
    std::set<NodeId> stored;
    uint64_t write_number = 0;
    Durable next;
    bool active = false;
    bool on_disk = false;      // of this node
    bool made_before = false;  // and asked for again
  };
  // What was said before the members agreed.
  struct Early {
    NodeId from;
    Message message;
    bool greeted = false;  // after the sender's hello
  };

  void hear_hello(NodeId from, const Hello& hello);
  [[nodiscard]] bool everybody_quorate() const;
  void try_to_agree();
  void agree(const State& base);
  void apply(NodeId from, const Message& message);
  void apply_report(NodeId from, const GroupReport& report);
  void apply_fence_result(const FenceResult& result);
  void apply_released(const Released& word);
  void apply_has_settings(NodeId from, const HasSettings& word);
  void advance_pending();
  void commit(Pending pending);
  void take_over(Pending pending);
  void renew_proofs(Pending& pending) const;
  void end_pending(const std::string& why);
  void answer(const std::string& id, Result<uint64_t> version);
  void gain_or_lose_right();
  bool lose_settings();
  void begin_epoch(bool gave_up_some);
  void hear_who_has_the_epoch();
  void settle_epoch();
  [[nodiscard]] bool settled() const;
  void replan();
  void write_now();
  [[nodiscard]] Hello hello() const;
  void note(Note::Level level, std::string subject, std::string text);
  Ready take();

  NodeId self_;
  State state_;
  EngineView view_;
  bool agreed_ = false;
  bool informed_ = false;
  bool current_ = false;
  bool stale_ = false;
  bool forgetful_ = false;
  bool connected_ = false;
  bool engine_quorate_ = false;
  Hardware hardware_;
  bool leased_ = true;  // as Hello says it
  std::function<std::string()> time_ = [] { return std::string(); };
  bool settings_compared_ = false;  // in this membership
  std::function<std::vector<GroupReport>()> holds_;
  std::function<std::map<GroupName, SettingsStand>()> settings_ = [] {
    return std::map<GroupName, SettingsStand>{};
  };
  Hellos hellos_;
  std::optional<NodeId> snapshot_from_;  // whose state we wait for
  std::string disagreement_;
  std::vector<Early> early_;
  std::deque<Pending> pending_;
  std::set<std::string> asked_;  // by this node, and not answered
  std::vector<FenceOrder> fences_;
  uint64_t write_number_ = 0;
  // Who has the newest epoch on its disk, and from which write on this node has.
  std::set<NodeId> epoch_stored_by_;
  std::optional<uint64_t> epoch_write_;
  Ready ready_;
};

}  // namespace tasuki::core
