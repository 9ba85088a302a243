// Adds the vote of a witness that the engine does not know to the votes that it has counted.
#pragma once

#include <optional>

#include "cluster/membership/membership.hpp"
#include "cluster/witness/voter.hpp"

namespace tasuki::witness {

class VoteCount {
 public:
  void counted(const membership::QuorumChanged& word) { counted_ = word; }
  void engine_lost();

  // `nodes`: how many the configuration has.
  [[nodiscard]] Standing standing(size_t nodes) const;

  // What is to be told of the ring now, unless it was; to be asked again until it is nothing.
  // Nothing is told of a new ring while the verdict is open: this side may be the one that goes on.
  std::optional<membership::QuorumChanged> judge(Verdict verdict);

 private:
  std::optional<membership::QuorumChanged> counted_;  // nothing while the engine is away
  std::optional<membership::QuorumChanged> judged_;
};

}  // namespace tasuki::witness
