#include "cluster/core/farewell.hpp"

namespace tasuki::core {

Farewell decide_farewell(const Replica& replica, bool idle) {
  const State& state = replica.state();
  Farewell next;
  next.gone = state.let_go(replica.self()) == LetGo::left || (idle && !replica.agreed());
  if (next.gone) return next;
  const auto facts = state.nodes.find(replica.self());
  const bool known = facts != state.nodes.end() && facts->second.leaving;
  if (!known) next.say = Leaving{};
  if (known && idle && !state.holds_anything(replica.self())) next.say = Goodbye{};
  return next;
}

}  // namespace tasuki::core
