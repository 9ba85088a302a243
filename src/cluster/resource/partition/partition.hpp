// A file system on a device that moves with its group: checked, mounted, watched, unmounted. At no
// time may two nodes have it; a stop succeeds only when nothing here can write to it any more.
#pragma once

#include <memory>

#include "cluster/core/config.hpp"
#include "cluster/resource/partition/reservation.hpp"
#include "cluster/resource/partition/watch.hpp"
#include "cluster/resource/resource.hpp"

namespace tasuki::resource {

// Devices may hang, and each call that hangs keeps one of the `workers`. `reserving` counts for a
// partition whose guard is a reservation.
std::unique_ptr<Resource> make_partition(asio::io_context& context, asio::thread_pool& workers,
                                         core::Partition wanted, ReadTimes read_times,
                                         Reserving reserving, FaultHandler on_fault);

}  // namespace tasuki::resource
