// The ids that ARM commands know watches by: unique in the whole cluster, whatever their case.
//
// The rule it protects: of two groups that take the same id, the one whose report came first in the
// order of all messages has it, on every member alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/core/message.hpp"
#include "cluster/core/state.hpp"
#include "kit/result.hpp"

namespace tasuki::core {

inline constexpr size_t kWatchIdBytesMax = 255;

// Why it cannot name a watch: empty, too long, or one of those beginning with "NEC_".
Result<void> check_watch_id(std::string_view id);

// The group that has a watch of that id.
std::optional<GroupName> find_watch_owner(const State& state, std::string_view id);

// What of a group's watches counts: a new one whose id another group has does not.
std::vector<WatchReport> accepted_watches(const State& state, const GroupReport& report);

}  // namespace tasuki::core
