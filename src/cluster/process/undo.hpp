// Undoes what a group holds on this node, when there is no tasukid to do it. Blocks, perhaps for
// ever (an unmount flushes a disk that may hang), so it runs in a child of the keeper.
#pragma once

#include <vector>

#include "cluster/process/protocol.hpp"
#include "cluster/process/release.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

// Undoes each in order, tries again until `until`, and proves it: the device opens exclusively, the
// address is on no interface. Failure names the first that is still held.
// umount2() is used without MNT_DETACH: a mount that only looks gone may still write.
Result<void> undo_releases(const std::vector<Release>& releases, Moment until);

}  // namespace tasuki::process
