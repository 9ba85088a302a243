// Who is there and in which order things are said: the small interface the rest of the cluster sees
// of its engine. Implementations: corosync (two and more nodes), solo (one node, no engine).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/membership/membership.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::membership {

// Called on the io_context's thread; they may send, and must not destroy the engine. Membership
// changes and messages come in the one order in which every member sees them (extended virtual
// synchrony): what was said in the old membership, the change, what was said in the new one. A
// message is delivered to its sender too.
struct EngineEvents {
  // A new ring, a tasukid that came or went in the same ring, or only `quorate` (the witness came
  // or went): then ring, members and nodes are as before. `quorate` is this node's own view and has
  // no place in the common order; the rest is the same on every node. Any change of the ring may
  // bring nodes together that were told different things meanwhile.
  std::function<void(const Membership&)> membership_changed;
  std::function<void(core::NodeId from, std::string_view message)> delivered;
  // The engine has counted its votes. Whoever has others to count says with Engine::judge() what
  // came of it; until then nothing is told of a new ring. Empty: the engine's word is the last.
  std::function<void(const QuorumChanged&)> votes_counted = {};
  // The engine is gone: no membership until membership_changed is called again.
  std::function<void(const std::string& why)> lost;
};

// A message is never longer: below it Corosync sends it in one piece. Longer is the caller's bug.
inline constexpr size_t kMessageBytesMax = 1'000'000;

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // Connects, and connects again whenever the engine was lost, until destroyed.
  virtual void start(EngineEvents events) = 0;
  // Says something to all members; queued until the engine takes it, lost when the engine is or
  // when there is none.
  virtual void send(std::string message) = 0;
  // The last word on the ring of which votes_counted told last.
  virtual void judge(const QuorumChanged& word) = 0;
};

std::unique_ptr<Engine> make_corosync_engine(asio::io_context& context);
std::unique_ptr<Engine> make_solo_engine(asio::io_context& context, core::NodeId self);

}  // namespace tasuki::membership
