#include "cluster/membership/membership.hpp"

#include <fmt/format.h>

namespace tasuki::membership {

std::string ring_name(RingId ring) {
  return fmt::format("{}.{}", ring.representative, ring.sequence);
}

core::EngineView engine_view(const Membership& membership) {
  core::EngineView view;
  view.ring = ring_name(membership.ring);
  view.view.quorate = membership.quorate;
  view.view.members = {membership.members.begin(), membership.members.end()};
  view.view.alive = {membership.nodes.begin(), membership.nodes.end()};
  return view;
}

}  // namespace tasuki::membership
