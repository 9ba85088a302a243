// The part of check that looks for starts without their stops, across scripts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/batch/check.hpp"
#include "cluster/batch/listing.hpp"
#include "cluster/batch/service_command.hpp"

namespace tasuki::batch {

// What is stopped, by what a start and its stop have in common in lower case.
struct Stops {
  std::map<std::string, std::string> watched;   // watch IDs that ARMKILL names, as written
  std::map<std::string, std::string> services;  // services that net stop names, as written
  bool any_watched = false;                     // ARMKILL names a variable, which may be any ID
  bool any_service = false;                     // net stop does
  std::vector<bool> in_file;                    // whether each of the files stops something itself
};

// Of all files and of what lies beside them.
Stops stops_in_view(const Surveyed& surveyed, const std::vector<Listing>& listings);

// Whether the scripts that should stop what file `index` starts have been looked at. A start script
// alone says nothing about them.
bool stops_are_in_view(const Surveyed& surveyed, size_t index, const Stops& stops);

// One mistake for each watch ID and service that nothing stops, where it is started first.
void check_starts(const Listing& listing, const Stops& stops, Report& report);

}  // namespace tasuki::batch
