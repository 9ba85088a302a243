// The part of check that looks at each command by itself.
#pragma once

#include "cluster/batch/check.hpp"
#include "cluster/batch/listing.hpp"

namespace tasuki::batch {

// Unknown commands, blanks in a program's path, services that the configuration does not have.
void check_commands(const Listing& listing, const Surveyed& surveyed, const CheckedFile& file,
                    Report& report);

}  // namespace tasuki::batch
