// A witness that only keeps slots: a disk, a share, a web server. It takes its time, and what a
// node that does not reach it writes fails, or arrives when it reaches it again.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "cluster/simulation/network.hpp"
#include "cluster/simulation/surroundings.hpp"
#include "cluster/witness/voter.hpp"

namespace tasuki::simulation {

class SlotWitness {
 public:
  using Read = std::optional<std::map<core::NodeId, witness::Look::Found>>;

  SlotWitness(Surroundings& around, const Network& network) : around_(around), network_(network) {}

  // It can be read, but takes nothing from the node.
  void refuse(core::NodeId node) { refused_.insert(node); }
  void take_again(core::NodeId node) { refused_.erase(node); }

  void write(const witness::Slot& slot, std::function<void(bool written)> done);
  // One after the other.
  void read(core::NodeId reader, std::vector<core::NodeId> nodes, std::function<void(Read)> done);

 private:
  void arrive(const witness::Slot& slot, bool waits, const std::function<void(bool)>& done);
  void read_next(core::NodeId reader, std::vector<core::NodeId> nodes,
                 std::map<core::NodeId, witness::Look::Found> found,
                 std::function<void(Read)> done);

  Surroundings& around_;
  const Network& network_;
  Nodes refused_;
  std::map<core::NodeId, witness::Slot> slots_;
};

}  // namespace tasuki::simulation
