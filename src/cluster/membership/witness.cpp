#include "cluster/membership/witness.hpp"

#include <corosync/votequorum.h>

#include "cluster/membership/corosync_error.hpp"

namespace tasuki::membership {

Result<bool> witness_votes_now() {
  votequorum_handle_t handle = 0;
  if (const cs_error_t error = ::votequorum_initialize(&handle, nullptr); error != CS_OK)
    return corosync_failure("connect to votequorum", error);
  votequorum_info info{};
  // Node 0 stands for this node (votequorum_getinfo(3)).
  const cs_error_t error = ::votequorum_getinfo(handle, 0, &info);
  ::votequorum_finalize(handle);
  if (error != CS_OK) return corosync_failure("ask votequorum", error);
  constexpr unsigned kVotes = VOTEQUORUM_INFO_QDEVICE_REGISTERED | VOTEQUORUM_INFO_QDEVICE_ALIVE |
                              VOTEQUORUM_INFO_QDEVICE_CAST_VOTE;
  return (info.flags & kVotes) == kVotes;
}

}  // namespace tasuki::membership
