// Every time in the cluster, derived from the one setting `detect`, and the inequality they must
// satisfy: what a lost node does last comes before what its successor does first.
#pragma once

#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"

namespace tasuki::core {

// All in milliseconds of real time. The Corosync names are those of corosync.conf(5).
struct Timing {
  milliseconds detect;

  // Corosync: a lost token is noticed after `token`, agreed upon after `consensus` more.
  milliseconds token;
  milliseconds consensus;
  int token_retransmits_before_loss_const;
  milliseconds knet_ping_interval;
  milliseconds knet_ping_timeout;
  // The witness answers within these, or its vote is lost (corosync-qdevice(8)).
  milliseconds qdevice_timeout;
  milliseconds qdevice_sync_timeout;

  // A witness that only keeps slots (cluster/witness/voter.hpp): looked at every `witness_look`; a
  // vote lasts `witness_vote`, and is another's after a silence of `witness_silence`.
  milliseconds witness_look;
  milliseconds witness_vote;
  milliseconds witness_silence;
  milliseconds witness_grace;  // the side that should not have it waits this long

  // A node may own groups for `lease` after it sent the last message that came back to it through
  // the ring; it renews every `renew`. A tasukid that died is back within it, or the keeper stops
  // the node's groups.
  milliseconds renew;
  milliseconds lease;
  milliseconds release;  // from the end of the lease to everything stopped, or the node is reset
  milliseconds reset;    // from that decision to the reset
  // From the survivors' detection to the moment when the lost node is bound to have let go.
  milliseconds lease_proof;

  milliseconds isolation_grace;  // without the right to decide, before the orderly stop begins
  milliseconds fence_delay;      // the side of two that should lose waits this long

  friend bool operator==(const Timing&, const Timing&) = default;
};

// Derives the times, or says why `detect` cannot be stable for this configuration.
Result<Timing> derive_timing(const Config& config);

// The chain in words for `config check --explain`: t1 < t2 < t3, and each node's proof.
std::vector<std::string> explain_timing(const Config& config, const Timing& timing);

}  // namespace tasuki::core
