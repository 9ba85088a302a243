#include "cluster/simulation/corosync.hpp"

#include <algorithm>
#include <utility>

#include "cluster/core/state.hpp"

namespace tasuki::simulation {

using Cause = membership::MembersChanged::Cause;

namespace {

// A token that is lost is noticed after its time, and agreed upon after the consensus: measured
// within these parts of `detect` (corosync-notes: 209 ms at 220, 630 at 660).
constexpr int64_t kLeastDetectPercent = 90;
constexpr int64_t kMostDetectPercent = 104;
// In a network where not everybody sees everybody, rings go on changing.
constexpr Range kRestless{1500ms, 4s, 15s};
// More than this is kept of what everybody has heard only until it is cut off.
constexpr uint64_t kLogKept = 64;

Range detection(core::milliseconds detect) {
  const Time usual = detect;
  return {usual * kLeastDetectPercent / 100, usual, usual * kMostDetectPercent / 100};
}

}  // namespace

EngineConfig engine_config(const core::Config& config) {
  Nodes nodes;
  for (const core::Node& node : config.nodes) nodes.insert(node.id);
  return {std::move(nodes), core::derive_timing(config)->detect, core::majority(config),
          core::nodes_judge_witness(config) ? 0 : core::witness_votes(config)};
}

Corosync::Corosync(Surroundings& around, const Network& network,
                   std::function<Hardware&(core::NodeId)> hardware)
    : around_(around), network_(network), hardware_(std::move(hardware)) {}

// --- Its process, and those that use it ---------------------------------------------------------

void Corosync::start(core::NodeId node, const EngineConfig& config) {
  Ring ring;
  ring.id = {node.value, next_ring_++};
  ring.nodes = {node};
  Engine& engine = engines_[node];
  engine = Engine{};
  engine.config = config;
  engine.ring = ring.id.sequence;
  rings_[ring.id.sequence] = std::move(ring);
  look();
}

void Corosync::stop(core::NodeId node) {
  const auto found = engines_.find(node);
  if (found == engines_.end()) return;
  found->second.life.end();
  const auto session = std::exchange(found->second.session, {});
  engines_.erase(found);
  if (session && session->life.lasts()) session->lost("the connection to Corosync was lost");
  look();
}

bool Corosync::runs(core::NodeId node) const {
  return engines_.contains(node);
}

void Corosync::configure(core::NodeId node, const EngineConfig& config) {
  const auto found = engines_.find(node);
  if (found == engines_.end()) return;
  const bool others = std::exchange(found->second.config, config).nodes != config.nodes;
  tell_quorum(node);
  if (others) look();
}

void Corosync::connect(core::NodeId node, Session session) {
  Engine& engine = engines_.at(node);
  engine.session = std::move(session);
  engine.active = false;
  engine.outbox.push_back({node, "", true, {}});
  token(node);
}

void Corosync::disconnect(core::NodeId node) {
  const auto found = engines_.find(node);
  if (found == engines_.end() || !found->second.session) return;
  Engine& engine = found->second;
  engine.session.reset();
  engine.active = false;
  // What it said is not taken back, but a join that nobody heard of is.
  std::erase_if(engine.outbox, [](const Entry& entry) { return entry.text.empty(); });
  if (!std::exchange(engine.joined, false)) return;
  engine.outbox.push_back({node, "", false, {}});
  token(node);
}

Nodes Corosync::ring_of(core::NodeId node) const {
  const auto found = engines_.find(node);
  return found == engines_.end() ? Nodes{} : rings_.at(found->second.ring).nodes;
}

// --- Messages in one order ----------------------------------------------------------------------

void Corosync::send(core::NodeId node, std::string text) {
  const auto found = engines_.find(node);
  if (found == engines_.end() || !found->second.session) return;
  found->second.outbox.push_back({node, std::move(text), false, {}});
  token(node);
}

void Corosync::token(core::NodeId node) {
  Engine& engine = engines_.at(node);
  if (engine.outbox.empty() || std::exchange(engine.token_comes, true)) return;
  const Time takes = around_.chance.take(around_.pace.token) +
                     network_.extra_delay(rings_.at(engine.ring).nodes, around_.chance);
  hardware_(node).after(takes, engine.life, [this, node] { order(node); });
}

// What the one has in its list and the other not passes unheard.
bool Corosync::linked(core::NodeId one, core::NodeId other) const {
  return one == other ||
         (network_.linked(one, other) && engines_.at(one).config.nodes.contains(other) &&
          engines_.at(other).config.nodes.contains(one));
}

bool Corosync::whole(const Ring& ring) const {
  return std::ranges::all_of(ring.nodes, [&](core::NodeId node) {
    const auto engine = engines_.find(node);
    return engine != engines_.end() && engine->second.ring == ring.id.sequence &&
           hardware_(node).runs() && std::ranges::all_of(ring.nodes, [&](core::NodeId other) {
             return engines_.contains(other) && linked(node, other);
           });
  });
}

void Corosync::order(core::NodeId node) {
  Engine& engine = engines_.at(node);
  engine.token_comes = false;
  Ring& ring = rings_.at(engine.ring);
  if (!whole(ring)) return;
  for (Entry& entry : std::exchange(engine.outbox, {})) {
    if (entry.text.empty()) {
      engine.joined = entry.joined;
      if (entry.joined)
        ring.members.insert(node);
      else
        ring.members.erase(node);
      entry.members = ring.members;
    }
    ring.log.push_back(std::move(entry));
  }
  const uint64_t place = ring.length();
  for (const core::NodeId to : ring.nodes)
    hardware_(to).after(
        around_.chance.take(around_.pace.deliver), engines_.at(to).life,
        [this, to, sequence = ring.id.sequence, place] { advance(to, sequence, place); });
  trim(ring);
}

void Corosync::trim(Ring& ring) {
  if (ring.log.size() < 2 * kLogKept) return;
  uint64_t heard = ring.length();
  for (const core::NodeId node : ring.nodes) heard = std::min(heard, engines_.at(node).delivered);
  for (; ring.log_begin < heard; ++ring.log_begin) ring.log.pop_front();
}

// Hears everything up to that place of the ring.
void Corosync::advance(core::NodeId node, uint64_t sequence, uint64_t place) {
  Engine& engine = engines_.at(node);
  if (engine.ring != sequence || engine.stalled) return;
  const Ring& ring = rings_.at(sequence);
  if (ring.broken_since && around_.chance.one_in(2)) {
    engine.stalled = true;
    return;
  }
  while (engine.delivered < place) {
    const Entry entry = ring.at(engine.delivered++);
    deliver(node, ring, entry);
  }
}

void Corosync::deliver(core::NodeId node, const Ring& ring, const Entry& entry) {
  const Engine& engine = engines_.at(node);
  if (!entry.text.empty()) {
    if (engine.active) tell(node, membership::Message{entry.from, entry.text});
    return;
  }
  if (engine.active) {
    tell(node,
         membership::MembersChanged{{entry.members.begin(), entry.members.end()}, Cause::process});
    return;
  }
  if (entry.joined && entry.from == node && engine.session) {
    Ring at_that_place = ring;
    at_that_place.members = entry.members;
    activate(node, at_that_place, Cause::process);
  }
}

void Corosync::activate(core::NodeId node, const Ring& ring, Cause cause) {
  Engine& engine = engines_.at(node);
  engine.active = true;
  tell(node, membership::MembersChanged{{ring.members.begin(), ring.members.end()}, cause});
  tell(node, membership::RingChanged{ring.id, {ring.nodes.begin(), ring.nodes.end()}});
  if (!engine.waits_for_vote) tell_quorum(node);
}

// At once, unless something is still on its way there.
void Corosync::tell(core::NodeId node, const membership::Observation& observation) {
  Engine& engine = engines_.at(node);
  const Session session = *engine.session;
  if (engine.told_until < around_.now()) return session.observe(observation);
  hardware_(node).after(engine.told_until - around_.now(), session.life,
                        [session, observation] { session.observe(observation); });
}

// --- Rings --------------------------------------------------------------------------------------

void Corosync::look() {
  std::set<uint64_t> used;
  for (const auto& [node, engine] : engines_) used.insert(engine.ring);
  std::erase_if(rings_, [&](const auto& entry) { return !used.contains(entry.first); });
  std::optional<core::milliseconds> noticed_after;
  for (auto& [sequence, ring] : rings_) {
    if (!whole(ring)) {
      if (!ring.broken_since) ring.broken_since = around_.now();
      for (const core::NodeId node : ring.nodes)
        if (engines_.contains(node)) noticed_after = engines_.at(node).config.detect;
      continue;
    }
    if (!std::exchange(ring.broken_since, {})) continue;
    // It was broken for too short a time to be noticed: what was held up goes on.
    for (const core::NodeId node : ring.nodes) {
      Engine& engine = engines_.at(node);
      engine.stalled = false;
      token(node);
      hardware_(node).after(
          around_.chance.take(around_.pace.deliver), engine.life,
          [this, node, sequence, place = ring.length()] { advance(node, sequence, place); });
    }
  }
  if (noticed_after)
    around_.agenda.after(around_.chance.take(detection(*noticed_after)), [this] { reform(); });
  if (rings_.size() > 1)
    around_.agenda.after(around_.chance.take(around_.pace.merge), [this] { reform(); });
  look_at_witness();
}

void Corosync::woke(core::NodeId node) {
  const auto found = engines_.find(node);
  if (found != engines_.end()) look();
}

void Corosync::reform() {
  std::vector<core::NodeId> awake;
  for (const auto& [node, engine] : engines_)
    if (hardware_(node).runs()) awake.push_back(node);
  if (awake.empty()) return;
  std::ranges::rotate(awake,
                      awake.begin() + static_cast<int64_t>(around_.chance.pick(awake.size())));
  bool restless = false;
  for (const Nodes& side : sides_of(
           [this](core::NodeId one, core::NodeId other) { return linked(one, other); }, awake)) {
    restless |= std::ranges::any_of(awake, [&](core::NodeId other) {
      return !side.contains(other) &&
             std::ranges::any_of(side, [&](core::NodeId node) { return linked(node, other); });
    });
    const Ring& now = rings_.at(engines_.at(*side.begin()).ring);
    const bool stays = now.nodes == side && std::ranges::all_of(side, [&](core::NodeId node) {
                         return engines_.at(node).ring == now.id.sequence;
                       });
    if (!stays && is_due(side)) form(side);
  }
  if (restless && around_.chance.random())
    around_.agenda.after(around_.chance.take(kRestless), [this] { reform(); });
  look_at_witness();
}

// A break is noticed only after its time; what was noticed before may be joined with others.
bool Corosync::is_due(const Nodes& side) const {
  return std::ranges::all_of(side, [&](core::NodeId node) {
    const Engine& engine = engines_.at(node);
    const auto broken_since = rings_.at(engine.ring).broken_since;
    return !broken_since || around_.now() - *broken_since >= detection(engine.config.detect).least;
  });
}

void Corosync::form(const Nodes& side) {
  std::map<uint64_t, Nodes> came_from;
  for (const core::NodeId node : side) came_from[engines_.at(node).ring].insert(node);
  for (const auto& [sequence, together] : came_from) {
    const uint64_t end = finish_old_ring(together, sequence);
    for (const core::NodeId node : together)
      hear_the_rest(node, together, rings_.at(sequence), end);
  }
  Ring ring;
  ring.id = {side.begin()->value, next_ring_++};
  ring.nodes = side;
  for (const core::NodeId node : side)
    if (engines_.at(node).joined && engines_.at(node).session) ring.members.insert(node);
  for (const core::NodeId node : side) {
    Engine& engine = engines_.at(node);
    engine.ring = ring.id.sequence;
    engine.delivered = 0;
    engine.stalled = false;
    // Who ended meanwhile is not in the list of the new ring; nobody is told twice.
    std::erase_if(engine.outbox,
                  [](const Entry& entry) { return entry.text.empty() && !entry.joined; });
  }
  rings_[ring.id.sequence] = ring;
  for (const core::NodeId node : side) {
    Engine& engine = engines_.at(node);
    engine.told_until =
        std::max(engine.told_until, around_.now() + around_.chance.take(around_.pace.deliver));
    if (engine.active) {
      tell(node,
           membership::MembersChanged{{ring.members.begin(), ring.members.end()}, Cause::ring});
      tell(node, membership::RingChanged{ring.id, {ring.nodes.begin(), ring.nodes.end()}});
    } else if (engine.joined && engine.session) {
      activate(node, ring, Cause::ring);
    }
    ask_witness(node);
    token(node);
  }
}

// How far in the old ring those hear who leave it together: what one of them has heard, all hear.
uint64_t Corosync::finish_old_ring(const Nodes& together, uint64_t sequence) {
  const uint64_t length = rings_.at(sequence).length();
  uint64_t heard = 0;
  for (const core::NodeId node : together) heard = std::max(heard, engines_.at(node).delivered);
  return length - around_.chance.pick(length - heard + 1);
}

// Beyond that, everybody hears at least what those said who go on together.
void Corosync::hear_the_rest(core::NodeId node, const Nodes& together, const Ring& ring,
                             uint64_t end) {
  Engine& engine = engines_.at(node);
  for (; engine.delivered < ring.length(); ++engine.delivered) {
    const Entry& entry = ring.at(engine.delivered);
    const bool of_us = together.contains(entry.from) && !entry.text.empty();
    if (engine.delivered < end || of_us) deliver(node, ring, entry);
  }
}

// --- The quorum service -------------------------------------------------------------------------

bool Corosync::has_majority(const Engine& engine) const {
  const size_t votes =
      rings_.at(engine.ring).nodes.size() + (engine.vote ? engine.config.witness_votes : 0);
  return votes >= engine.config.majority;
}

void Corosync::tell_quorum(core::NodeId node) {
  Engine& engine = engines_.at(node);
  if (!engine.session) return;
  const Ring& ring = rings_.at(engine.ring);
  const membership::QuorumChanged told{
      ring.id, has_majority(engine), {ring.nodes.begin(), ring.nodes.end()}};
  engine.quorum_told_until =
      std::max(engine.quorum_told_until, around_.now() + around_.chance.take(around_.pace.quorum));
  hardware_(node).after(engine.quorum_told_until - around_.now(), engine.session->life,
                        [session = *engine.session, told] { session.observe(told); });
}

// Where the nodes are too few, nothing is said of a new ring before the witness has answered, or
// its time to do so is over (corosync.conf(5): sync_timeout).
void Corosync::ask_witness(core::NodeId node) {
  Engine& engine = engines_.at(node);
  engine.vote = false;
  const bool needed = engine.config.witness_votes > 0 && !has_majority(engine);
  engine.waits_for_vote = needed && engine.knows_witness;
  if (!engine.waits_for_vote) return tell_quorum(node);
  const Time limit = 2 * std::max<Time>(1250ms, engine.config.detect);
  hardware_(node).after(limit, engine.life, [this, node, sequence = engine.ring] {
    Engine& late = engines_.at(node);
    if (late.ring != sequence || !std::exchange(late.waits_for_vote, false)) return;
    tell_quorum(node);
  });
}

}  // namespace tasuki::simulation
