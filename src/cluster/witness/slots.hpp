// Where slots are kept: a disk that all servers see, a folder on a network share, or a small web
// server (`tasuki witness serve`). All calls block, some for as long as that place hangs.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"

namespace tasuki::witness {

// Of nodes, in the order in which they were read; empty where nothing was ever written.
using SlotTexts = std::vector<std::pair<core::NodeId, std::string>>;

class Slots {
 public:
  Slots() = default;
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  virtual ~Slots() = default;

  // On return every later read finds it, whoever reads, a power cut between or not. A write that
  // failed is not there later than the next one that succeeds. `sequence` is that of the text.
  virtual Result<void> write(core::NodeId node, uint64_t sequence, const std::string& text) = 0;
  // One after the other, in this order.
  virtual Result<SlotTexts> read(const std::vector<core::NodeId>& nodes) = 0;
};

// Not for a qnetd, which judges for itself.
std::unique_ptr<Slots> open_slots(const core::Witness& witness, const std::string& cluster);

// What the first block of a prepared disk says.
std::string mark_of(const std::string& cluster);

// What a disk needs for the slots of nodes with ids up to this one, in bytes; 1 MiB at least.
uint64_t disk_bytes(core::NodeId highest);

// Prepares a disk or a folder, so that neither a disk with other content nor the empty place where
// a share is not mounted is ever taken for it. Fails when something else is there, or slots of
// another cluster, or a disk has no room for a node with the highest id; fine when it was prepared
// before.
Result<void> prepare_disk(const std::string& device, const std::string& cluster,
                          core::NodeId highest);
Result<void> prepare_folder(const std::string& folder, const std::string& cluster);

}  // namespace tasuki::witness
