// Who a program runs as.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::process {

// A user in the kernel's numbers (credentials(7)).
struct Identity {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;  // all of them
  std::string home;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// A user by name. Blocks: users may come from a directory service (nsswitch.conf(5)).
Result<Identity> find_identity(const std::string& user);

}  // namespace tasuki::process
