// The users that services run as: files on a partition belong to numbers, which must mean the same
// user on every server that may have the partition.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/core/message.hpp"

namespace tasuki::runner {

// As this server knows them. Blocks: users may come from a directory service.
core::Accounts read_accounts(const core::Config& config);

// What differs or is missing, and what to do; nodes that did not say theirs are left out.
std::vector<std::string> account_problems(const core::Config& config,
                                          const std::map<core::NodeId, core::Accounts>& said);

}  // namespace tasuki::runner
