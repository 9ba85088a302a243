// The frames of packets.hpp on a real link: announcing the address, and asking whether anybody
// has it.
#pragma once

#include <optional>

#include "cluster/resource/floating_ip/network.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// A packet socket that only sends, on any interface. To be kept: closing one waits for every
// processor to have let go of it, which takes 5 to 25 ms.
Result<Fd> open_announcer();

// Sends the announcement once.
Result<void> announce(const Fd& announcer, const Place& place);

// Who else has the address: asks three times and answers within 200 ms, at once when somebody
// replies. RFC 5227 and RFC 4862 wait for seconds; a takeover cannot, and stations on the same
// link answer within a few milliseconds.
Task<Result<std::optional<MacAddress>>> probe(Place place);

}  // namespace tasuki::resource
