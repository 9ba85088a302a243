// The commands of cmd.exe about files, and what else scripts use of Windows where Linux has a
// command of the same name with another meaning.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cluster/batch/effect.hpp"
#include "cluster/batchrun/files.hpp"

namespace tasuki::batchrun {

// What the command does, giving its exit code; nothing when it is no such command. It prints to the
// standard streams of the process it is called in.
std::optional<std::function<int()>> find_file_command(const batch::Command& command,
                                                      const std::string& folder,
                                                      const Files& files);

}  // namespace tasuki::batchrun
