// The adapter that carries out each kind of resource.
#pragma once

#include <memory>

#include "cluster/executor/group_machine.hpp"
#include "cluster/resource/resource.hpp"
#include "cluster/runner/group_runner.hpp"

namespace tasuki::runner {

std::unique_ptr<resource::Resource> make_adapter(GroupContext& context,
                                                 const executor::GroupSpec& spec,
                                                 const executor::Item& item,
                                                 resource::FaultHandler on_fault);

}  // namespace tasuki::runner
