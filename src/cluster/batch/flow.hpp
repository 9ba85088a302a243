// The ways through a script: what can be reached, and what runs before ARMS_DISK was looked at.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "cluster/batch/listing.hpp"

namespace tasuki::batch {

struct Flow {
  std::set<const Node*> reached;
  // Lines where branches for the event begin that start or stop something, or run a program, before
  // they have looked at ARMS_DISK.
  std::set<int> unchecked_branches;
  // A label is missing and none resembles it, so it may belong anywhere.
  bool leads_nowhere = false;
};

// Every way there is, whatever the tests say, but for tests of ARMS_EVENT when `event` is one, as
// "START". Without one (empty) no branch is judged. Misspelled labels and commands are taken for
// what they seem to mean, so that one mistake is not reported twice.
Flow follow(const Listing& listing, std::string_view event);

}  // namespace tasuki::batch
