// Programs run to their end: ip, nft and mkfs, which do in one process what would be pages of
// netlink here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::lab {

// Runs the program with `input` (at most a pipe's 64 KiB) on its standard input. A failure carries
// the first line that it printed.
Result<void> run_command(const std::vector<std::string>& command, std::string_view input = {});

// argv for exec; the strings must outlive it.
std::vector<char*> exec_arguments(const std::vector<std::string>& command);

}  // namespace tasuki::lab
