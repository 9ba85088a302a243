#include "cluster/membership/membership.hpp"

#include <fmt/format.h>

namespace tasuki::membership {

core::EngineView engine_view(const Membership& membership) {
  core::EngineView view;
  view.ring = fmt::format("{}.{}", membership.ring.representative, membership.ring.sequence);
  view.view.quorate = membership.quorate;
  view.view.members = {membership.members.begin(), membership.members.end()};
  view.view.alive = {membership.nodes.begin(), membership.nodes.end()};
  return view;
}

}  // namespace tasuki::membership
