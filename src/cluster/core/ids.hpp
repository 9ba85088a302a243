// The names things go by. Each is a type of its own, so that a group's name cannot be taken for a
// service's.
#pragma once

#include <cstdint>
#include <string>

#include "kit/strong.hpp"

namespace tasuki::core {

// A node's permanent number, written in the configuration and never used again; also its Corosync
// nodeid.
using NodeId = Strong<struct NodeIdTag, uint32_t>;
using GroupName = Strong<struct GroupNameTag, std::string>;
using ResourceName = Strong<struct ResourceNameTag, std::string>;
using ServiceName = Strong<struct ServiceNameTag, std::string>;

}  // namespace tasuki::core
