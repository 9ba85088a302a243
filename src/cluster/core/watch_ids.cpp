#include "cluster/core/watch_ids.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::core {
namespace {

constexpr std::string_view kReserved = "NEC_";

bool has_watch(const GroupState& group, std::string_view id) {
  return std::ranges::any_of(group.watches, [&](const WatchReport& watch) {
    return !watch.id.empty() && same_but_case(watch.id, id);
  });
}

}  // namespace

Result<void> check_watch_id(std::string_view id) {
  if (id.empty()) return failure("a watch needs an id", EINVAL);
  if (id.size() > kWatchIdBytesMax)
    return failure(fmt::format("a watch's id has at most {} characters", kWatchIdBytesMax), EINVAL);
  if (same_but_case(id.substr(0, kReserved.size()), kReserved))
    return failure(fmt::format("ids that begin with {} are reserved", kReserved), EINVAL);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (std::ranges::any_of(id, is_control))
    return failure("a watch's id has no control characters", EINVAL);
  return {};
}

std::optional<GroupName> find_watch_owner(const State& state, std::string_view id) {
  const auto owner = std::ranges::find_if(
      state.groups, [&](const auto& entry) { return has_watch(entry.second, id); });
  if (owner == state.groups.end()) return std::nullopt;
  return owner->first;
}

std::vector<WatchReport> accepted_watches(const State& state, const GroupReport& report) {
  std::vector<WatchReport> accepted;
  const GroupState& before = state.groups.at(report.group);
  for (const WatchReport& watch : report.watches)
    if (watch.id.empty() || has_watch(before, watch.id) || !find_watch_owner(state, watch.id))
      accepted.push_back(watch);
  return accepted;
}

}  // namespace tasuki::core
