// The commands that scripts of services use, for telling which ones are misspelled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tasuki::batch {

// Of cmd.exe, of the cluster (ARM...), of Windows and of the databases that scripts steer.
bool is_known_command(std::string_view name);

// The known one that a name which is not known may stand for.
std::optional<std::string> nearest_command(std::string_view name);

}  // namespace tasuki::batch
