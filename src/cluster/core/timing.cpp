#include "cluster/core/timing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/state.hpp"
#include "kit/assert.hpp"
#include "kit/duration.hpp"

namespace tasuki::core {
namespace {

// Corosync's default consensus is 1.2 x token, so detection takes 2.2 tokens. Measured: 209 ms at
// token 100, 424 at 200, 630 at 300, which leaves the 2.2 some slack of up to 20 ms.
constexpr int64_t kDetectPerTokenTenths = 22;
// Token 100 was the lowest that kept a ring of two or three nodes together under load.
constexpr milliseconds kLowestToken = 100ms;
constexpr milliseconds kLongestDetect = 60s;
// knet's own link monitor derives its pings from the token and breaks links below token 500; with
// these fixed values every token down to 100 is stable and detection is no slower.
constexpr milliseconds kKnetPingInterval = 250ms;
constexpr milliseconds kKnetPingTimeout = 1000ms;
// corosync-qdevice(8): the client's heartbeat is 0.8 x timeout and at least one second; qnetd takes
// a client for lost 1.5 heartbeats after its last message (corosync-qnetd(8)).
constexpr milliseconds kQdeviceTimeout = 1250ms;
constexpr milliseconds kQdeviceHeartbeat = 1000ms;
constexpr milliseconds kWitnessMissesAfter = 3 * kQdeviceHeartbeat / 2;
constexpr milliseconds kResetTime = 500ms;
// A service manager starts a tasukid that died again in well under this.
constexpr milliseconds kShortestLease = 3s;
// Clocks of two machines differ in speed by far less than one in a hundred (200 ppm are usual).
constexpr int64_t kClockSlackPart = 100;

}  // namespace

Result<Timing> derive_timing(const Config& config) {
  const milliseconds detect = config.timing.detect;
  const milliseconds token(detect.count() * 10 / kDetectPerTokenTenths);
  const milliseconds lowest(kLowestToken.count() * kDetectPerTokenTenths / 10);
  if (token < kLowestToken)
    return failure(fmt::format(
        "detect = \"{}\" cannot be stable: below {} busy servers are taken for dead ones; use at "
        "least \"{}\"",
        format_duration(detect), format_duration(lowest), format_duration(lowest)));
  if (detect > kLongestDetect)
    return failure(fmt::format("detect = \"{}\" is longer than a minute; use at most \"60s\"",
                               format_duration(detect)));
  if (config.timing.release < 500ms || config.timing.release > 10min)
    return failure(fmt::format(
        "release = \"{}\" cannot work: stopping a group takes between \"500ms\" and \"10m\"",
        format_duration(config.timing.release)));

  Timing timing{};
  timing.detect = detect;
  timing.token = token;
  timing.consensus = milliseconds(token.count() * 12 / 10);
  // The retransmit interval is token / (value + 0.2) and must stay above Corosync's 30 ms.
  timing.token_retransmits_before_loss_const = token < 200ms ? 2 : 4;
  timing.knet_ping_interval = kKnetPingInterval;
  timing.knet_ping_timeout = kKnetPingTimeout;
  timing.qdevice_timeout = kQdeviceTimeout;
  timing.qdevice_sync_timeout = 2 * std::max(kQdeviceTimeout, detect);

  timing.lease = std::max(kShortestLease, 4 * detect);
  timing.renew = timing.lease / 4;
  timing.release = config.timing.release;
  timing.reset = kResetTime;
  const milliseconds bound = timing.lease + timing.release + timing.reset;
  timing.lease_proof = bound + bound / kClockSlackPart;
  timing.isolation_grace = detect;
  timing.fence_delay = detect / 8;

  TASUKI_ASSERT(timing.lease_proof > timing.lease + timing.release + timing.reset);
  TASUKI_ASSERT(timing.lease > timing.detect + timing.isolation_grace + timing.renew);
  return timing;
}

std::vector<std::string> explain_timing(const Config& config, const Timing& timing) {
  const auto d = [](milliseconds value) { return format_duration(value); };
  std::vector<std::string> lines{
      fmt::format("a lost node is noticed after token {} + consensus {} = {}", d(timing.token),
                  d(timing.consensus), d(timing.token + timing.consensus)),
      fmt::format("a node may own groups for {} after its last message came back through the ring "
                  "(renewed every {})",
                  d(timing.lease), d(timing.renew)),
      fmt::format("then it stops them within {}, or is reset within {} more", d(timing.release),
                  d(timing.reset)),
      fmt::format("so it has let go {} after the loss at the latest; by lease alone its groups "
                  "start elsewhere {} after the loss was noticed (one part in {} for clocks)",
                  d(timing.lease + timing.release + timing.reset), d(timing.lease_proof),
                  kClockSlackPart),
  };
  if (witness_votes(config) > 0) {
    const milliseconds longest = std::max(timing.detect, kWitnessMissesAfter);
    const milliseconds shortest = std::max(timing.detect, kWitnessMissesAfter - kQdeviceHeartbeat);
    const milliseconds middle =
        std::max(timing.detect, kWitnessMissesAfter - kQdeviceHeartbeat / 2);
    lines.push_back(fmt::format(
        "the witness gives its vote to the others once it misses the lost node too, {} after its "
        "last heartbeat (one every {}): {} to {} after the loss, {} in the middle",
        d(kWitnessMissesAfter), d(kQdeviceHeartbeat), d(shortest), d(longest), d(middle)));
  }
  return lines;
}

}  // namespace tasuki::core
