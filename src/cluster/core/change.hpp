// What people may ask for. A change is checked against the state in which it is delivered, so every
// member accepts or refuses it alike.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cluster/core/note.hpp"
#include "cluster/core/state.hpp"
#include "kit/result.hpp"

namespace tasuki::core {

struct StartGroup {
  GroupName group;
  std::optional<NodeId> to;  // the best one of the policy when nothing is said
};
struct StopGroup {
  GroupName group;
};
struct MoveGroup {
  GroupName group;
  std::optional<NodeId> to;  // the next one of the policy when nothing is said
};
struct RetryGroup {  // forget its failures
  GroupName group;
};
struct SetNodeStandby {
  NodeId node;
  bool standby = true;
};
struct SetLocked {
  bool locked = true;
};
struct ConfirmNodeDown {
  NodeId node;
};
struct AcceptSettings {  // the node's count as the newest, whatever others may have
  GroupName group;
  NodeId node;
};
struct ApplyConfig {
  AppliedConfig applied;           // counter is given when it is accepted
  std::optional<uint64_t> base{};  // the version that it was made from; refused when that is not
                                   // the applied one any more
};

using Change = std::variant<StartGroup, StopGroup, MoveGroup, RetryGroup, SetNodeStandby, SetLocked,
                            ConfirmNodeDown, AcceptSettings, ApplyConfig>;

// Why the change cannot be accepted in this state. The codes are errno values: ENOENT for an
// unknown name, EBUSY for what is refused now.
Result<void> check_change(const State& state, const View& view, const Change& change);

// The durable state as it is once the change is accepted: version raised by one.
Durable changed(const State& state, const View& view, const Change& change);

// Who has every acknowledged setting once the change is accepted.
std::map<GroupName, std::set<NodeId>> settings_after(const State& state, const View& view,
                                                     const Change& change);

// The change for people, once it is acknowledged.
Note describe(const State& state, const Change& change);

// What else the acknowledged change does to the state that is not durable.
void apply_side_effects(State& state, const Change& change);

}  // namespace tasuki::core
