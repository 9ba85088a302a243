// One connection to Corosync's quorum service (quorum_overview(3)): which ring has the majority.
#pragma once

#include <functional>
#include <memory>

#include <corosync/quorum.h>

#include "cluster/membership/membership_joiner.hpp"
#include "kit/result.hpp"

namespace tasuki::membership {

class QuorumConnection {
 public:
  // What was heard; called from within dispatch_one() only.
  using Listener = std::function<void(Observation)>;

  // Connects and asks to be told of the current ring and every later one.
  static Result<std::unique_ptr<QuorumConnection>> connect(Listener listener);
  QuorumConnection(const QuorumConnection&) = delete;
  QuorumConnection& operator=(const QuorumConnection&) = delete;
  ~QuorumConnection();

  // Readable when there is something to dispatch. Belongs to libquorum: never to be closed.
  [[nodiscard]] int descriptor() const;

  enum class Dispatched { one, nothing };
  // Never blocks. An error means that Corosync is gone.
  Result<Dispatched> dispatch_one();

 private:
  explicit QuorumConnection(Listener listener) : listener_(std::move(listener)) {}

  static void on_quorum(quorum_handle_t handle, uint32_t quorate, quorum_ring_id ring,
                        uint32_t node_count, const uint32_t* nodes);

  Listener listener_;
  quorum_handle_t handle_ = 0;
};

}  // namespace tasuki::membership
