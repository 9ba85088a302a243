// What the kernel does not take away by itself when a lab ends: cgroups, sockets and names. They
// are written down in DIR/lab.json before they are made.
#pragma once

#include <string>
#include <vector>

#include "kit/result.hpp"

namespace tasuki::lab {

// Takes away what the lab in the folder, whose processes must have ended, left behind; fine when
// there is nothing.
Result<void> sweep_lab(const std::string& folder);

// What of such a lab is still there, as sentences.
std::vector<std::string> find_leftovers(const std::string& folder);

}  // namespace tasuki::lab
