// The adapter that carries out each kind of resource.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/executor/group_machine.hpp"
#include "cluster/resource/resource.hpp"
#include "cluster/runner/group_runner.hpp"

namespace tasuki::runner {

// Where a service of the group answers when its configuration names only a port.
std::string default_address(const executor::GroupSpec& spec);

// `warn` is told what went wrong without being a fault.
std::unique_ptr<resource::Resource> make_adapter(GroupContext& context,
                                                 const executor::GroupSpec& spec,
                                                 const executor::Item& item,
                                                 resource::FaultHandler on_fault,
                                                 std::function<void(std::string)> warn);

}  // namespace tasuki::runner
