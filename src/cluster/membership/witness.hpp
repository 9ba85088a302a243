// Whether the witness gives its vote now, as this node's Corosync knows it.
#pragma once

#include "kit/result.hpp"

namespace tasuki::membership {

// Asks votequorum (votequorum_getinfo): a qdevice that is registered, alive and casts its vote.
Result<bool> witness_votes_now();

}  // namespace tasuki::membership
