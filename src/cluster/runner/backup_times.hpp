// When a backup is due, by the clock on the wall.
#pragma once

#include <ctime>
#include <optional>

#include "cluster/core/config.hpp"

namespace tasuki::runner {

// The first time after `now` in this process's time zone. A time that a change to summer time skips
// comes with the first one after it.
std::optional<std::time_t> next_backup_time(const core::Backup& backup, std::time_t now);

}  // namespace tasuki::runner
