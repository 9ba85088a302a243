// An IP address that moves with its group: set on the interface of its network, announced to the
// neighbours, watched, and removed. At no time may two nodes have it.
#pragma once

#include <memory>

#include "cluster/core/config.hpp"
#include "cluster/resource/resource.hpp"

namespace tasuki::resource {

// start() takes under a millisecond with `old_owner_let_go`, and 200 more for the question whether
// anybody has the address without it.
std::unique_ptr<Resource> make_floating_ip(asio::io_context& context, core::FloatingIp wanted,
                                           FaultHandler on_fault);

}  // namespace tasuki::resource
