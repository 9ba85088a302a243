// Corosync as its clients see it: rings that form and break, messages in one order, processes that
// come and go, and the quorum service's word on a connection of its own.
//
// It keeps the promises of extended virtual synchrony (Moser, Amir, Melliar-Smith, Agarwal 1994)
// and no more: nodes that go from one ring to the next together were told the same in the old one;
// of nodes that part, one may have been told what the other never hears.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cluster/core/timing.hpp"
#include "cluster/membership/membership_joiner.hpp"
#include "cluster/simulation/hardware.hpp"
#include "cluster/simulation/network.hpp"

namespace tasuki::simulation {

// What corosync.conf says on a node.
struct EngineConfig {
  Nodes nodes;  // whom it talks to
  core::milliseconds detect{};
  size_t majority = 1;
  size_t witness_votes = 0;
};

EngineConfig engine_config(const core::Config& config);

class Corosync {
 public:
  // A tasukid's connections.
  struct Session {
    Life life;
    std::function<void(const membership::Observation&)> observe;
    std::function<void(const std::string& why)> lost;
  };

  Corosync(Surroundings& around, const Network& network,
           std::function<Hardware&(core::NodeId)> hardware);

  void start(core::NodeId node, const EngineConfig& config);
  void stop(core::NodeId node);  // its process ends
  [[nodiscard]] bool runs(core::NodeId node) const;
  void configure(core::NodeId node, const EngineConfig& config);
  void connect(core::NodeId node, Session session);
  void disconnect(core::NodeId node);
  void send(core::NodeId node, std::string text);
  // Links, power or a node's sleep changed.
  void look();
  void woke(core::NodeId node);

  [[nodiscard]] Nodes ring_of(core::NodeId node) const;

 private:
  struct Entry {
    core::NodeId from;
    std::string text;     // of a message; empty: the processes changed
    bool joined = false;  // its tasukid came, or went
    Nodes members;
  };
  struct Ring {
    membership::RingId id;
    Nodes nodes;
    Nodes members;
    std::deque<Entry> log;
    uint64_t log_begin = 0;  // the place of the first that is kept
    std::optional<Time> broken_since;
    [[nodiscard]] uint64_t length() const { return log_begin + log.size(); }
    [[nodiscard]] const Entry& at(uint64_t place) const { return log[place - log_begin]; }
  };
  struct Engine {
    EngineConfig config;
    Life life;
    uint64_t ring = 0;
    uint64_t delivered = 0;
    bool stalled = false;  // the ring broke before it heard the rest
    std::deque<Entry> outbox;
    bool token_comes = false;
    std::optional<Session> session;
    bool joined = false;  // its tasukid is in the list of members
    bool active = false;  // and was told so
    Time told_until{};    // both connections keep their own order
    Time quorum_told_until{};
    // The witness.
    bool knows_witness = false;
    std::optional<Time> witness_lost_at;
    bool vote = false;
    bool waits_for_vote = false;
  };

  [[nodiscard]] bool linked(core::NodeId one, core::NodeId other) const;
  [[nodiscard]] bool whole(const Ring& ring) const;
  void token(core::NodeId node);
  void order(core::NodeId node);
  void advance(core::NodeId node, uint64_t ring, uint64_t place);
  void deliver(core::NodeId node, const Ring& ring, const Entry& entry);
  void trim(Ring& ring);
  void tell(core::NodeId node, const membership::Observation& observation);
  void tell_quorum(core::NodeId node);
  void activate(core::NodeId node, const Ring& ring, membership::MembersChanged::Cause cause);
  void reform();
  [[nodiscard]] bool is_due(const Nodes& side) const;
  void form(const Nodes& side);
  uint64_t finish_old_ring(const Nodes& together, uint64_t ring);
  void hear_the_rest(core::NodeId node, const Nodes& together, const Ring& ring, uint64_t end);
  [[nodiscard]] bool has_majority(const Engine& engine) const;
  void ask_witness(core::NodeId node);
  // The witness's own part.
  [[nodiscard]] bool meets_witness(core::NodeId node) const;
  void look_at_witness();
  void meet_witness(core::NodeId node);
  void miss_witness(core::NodeId node);
  [[nodiscard]] std::optional<uint64_t> best_ring() const;
  [[nodiscard]] bool old_votes_are_over(uint64_t best);
  void judge();
  void answer(core::NodeId node, bool vote);

  Surroundings& around_;
  const Network& network_;
  std::function<Hardware&(core::NodeId)> hardware_;
  std::map<core::NodeId, Engine> engines_;
  std::map<uint64_t, Ring> rings_;
  uint64_t next_ring_ = 1;
  // The witness: which ring has its vote, who was told so, and since when it misses whom.
  std::optional<uint64_t> favourite_;
  Nodes voters_;
  std::map<core::NodeId, Time> missed_since_;
};

}  // namespace tasuki::simulation
