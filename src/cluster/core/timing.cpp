#include "cluster/core/timing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/state.hpp"
#include "kit/assert.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

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
// A disk or share that serves groups too is busy now and then; one that does not answer for longer
// than a vote lasts ends it.
constexpr milliseconds kShortestLook = 100ms;
constexpr milliseconds kLongestLook = 1s;
constexpr milliseconds kShortestVote = 2s;
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

  timing.witness_look = std::clamp(detect / 2, kShortestLook, kLongestLook);
  timing.witness_vote = std::max(kShortestVote, 4 * timing.witness_look);
  timing.witness_silence =
      timing.witness_vote + timing.witness_vote / kClockSlackPart + timing.witness_look;
  timing.witness_grace = detect + 2 * timing.witness_look;

  timing.lease = std::max(kShortestLease, 4 * detect);
  timing.renew = timing.lease / 4;
  timing.release = config.timing.release;
  timing.reset = kResetTime;
  const milliseconds bound = timing.lease + timing.release + timing.reset;
  timing.lease_proof = bound + bound / kClockSlackPart;
  timing.isolation_grace = detect;
  timing.fence_delay = detect / 8;

  TASUKI_ASSERT(timing.lease_proof > timing.lease + timing.release + timing.reset);
  TASUKI_ASSERT(timing.witness_silence > timing.witness_vote);
  TASUKI_ASSERT(timing.lease > timing.detect + timing.isolation_grace + timing.renew);
  return timing;
}

namespace {

// Whether the end of its lease may prove anything; the configuration does not always say.
bool may_lease(const Config& config, const Node& node) {
  return config.nodes.size() > 1 && !decided_by_fence(config) &&
         node.machine != Machine::virtual_machine;
}

// How it is proved that the node let go, and until when at the latest.
std::string explain_proof(const Config& config, const Node& node) {
  std::string proof;
  milliseconds longest{};
  for (const FenceDevice& device : node.fence) {
    longest += device.limit;
    proof += fmt::format("{}{} within {}", proof.empty() ? "" : ", else ", device.agent,
                         format_duration(device.limit));
  }
  if (!proof.empty()) proof = fmt::format("when its power switch says that it is off ({})", proof);
  if (may_lease(config, node))
    proof += fmt::format(
        "{}t3 by its lease{}", proof.empty() ? "" : ", or ",
        node.machine == Machine::detect ? ", if it is no virtual machine and has a watchdog" : "");
  if (const auto slots = slot_place(config))
    proof += fmt::format("{}when it lives and writes to {} that it let go",
                         proof.empty() ? "" : ", or ", slots->name());
  if (proof.empty()) proof = "nothing but your word: tasuki node confirm-down " + node.name;
  return fmt::format("proof of {}: {}", node.name, proof);
}

}  // namespace

std::vector<std::string> explain_timing(const Config& config, const Timing& timing) {
  const auto d = [](milliseconds value) { return format_duration(value); };
  const milliseconds t1 = timing.token + timing.consensus;
  const milliseconds t2 = timing.lease + timing.release + timing.reset;
  const milliseconds t3 = t1 + timing.lease_proof;
  std::vector<std::string> lines{
      fmt::format("t1 = {} after the loss: it is noticed (token {} + consensus {})", d(t1),
                  d(timing.token), d(timing.consensus)),
      fmt::format("t2 = {}: the lost node has let go (its lease of {}, renewed every {}, ends; it "
                  "stops its groups within {}, or is reset by its watchdog within {} more)",
                  d(t2), d(timing.lease), d(timing.renew), d(timing.release), d(timing.reset)),
  };
  if (std::ranges::any_of(config.nodes,
                          [&](const Node& node) { return may_lease(config, node); })) {
    lines.push_back(
        fmt::format("t3 = {}: by the lease alone its groups start elsewhere ({} after t1: t2 and "
                    "one part in {} for clocks)",
                    d(t3), d(timing.lease_proof), kClockSlackPart));
    lines.push_back(fmt::format("t2 < t3 by {}", d(t3 - t2)));
  } else if (config.nodes.size() > 1) {
    lines.emplace_back("there is no t3: no lease proves anything here");
  }
  if (config.nodes.size() > 1)
    for (const Node& node : config.nodes) lines.push_back(explain_proof(config, node));
  for (const Group& group : config.groups)
    if (disks_refuse_others(group))
      lines.push_back(fmt::format(
          "group {} starts elsewhere at t1: its disks refuse the lost node (SCSI reservation)",
          group.name));
  if (nodes_judge_witness(config)) {
    lines.push_back(fmt::format(
        "the witness {} is looked at every {}; it votes for the others at once when the lost node "
        "did not have its vote, else {} after the node wrote last; a vote lasts {}, which is less",
        config.witness->name(), d(timing.witness_look), d(timing.witness_silence),
        d(timing.witness_vote)));
  } else if (witness_votes(config) > 0) {
    const milliseconds longest = std::max(timing.detect, kWitnessMissesAfter);
    const milliseconds shortest = std::max(timing.detect, kWitnessMissesAfter - kQdeviceHeartbeat);
    const milliseconds middle =
        std::max(timing.detect, kWitnessMissesAfter - kQdeviceHeartbeat / 2);
    lines.push_back(fmt::format(
        "the witness gives its vote to the others once it misses the lost node too, {} after its "
        "last heartbeat (one every {}): {} to {} after the loss, {} in the middle",
        d(kWitnessMissesAfter), d(kQdeviceHeartbeat), d(shortest), d(longest), d(middle)));
  }
  if (!config.ping_hosts.empty() && nodes_judge_witness(config))
    lines.push_back(fmt::format(
        "of two sides that lose each other one that reaches none of {} leaves the other {}",
        join(config.ping_hosts, ", "), d(timing.witness_grace)));
  return lines;
}

}  // namespace tasuki::core
