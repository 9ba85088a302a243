#include "cluster/resource/floating_ip/packets.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::resource {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kNoMac = {};
constexpr std::array<uint8_t, 2> kArpType = {0x08, 0x06};
constexpr std::array<uint8_t, 2> kIpv6Type = {0x86, 0xdd};
// Ethernet, IPv4, six bytes of MAC, four bytes of address.
constexpr std::array<uint8_t, 6> kArpStart = {0, 1, 0x08, 0x00, 6, 4};
constexpr uint8_t kArpRequest = 1;
constexpr uint8_t kArpReply = 2;
constexpr uint8_t kIcmpv6 = 58;
constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;
constexpr uint8_t kOverride = 0x20;
constexpr uint8_t kTargetLinkLayerAddress = 2;

// Where things lie in the frames below, counted from the start of the Ethernet header.
constexpr size_t kEthernetSource = 6;
constexpr size_t kEthernetType = 12;
constexpr size_t kPayload = 14;
constexpr size_t kArpOperation = kPayload + 7;
constexpr size_t kArpSenderMac = kPayload + 8;
constexpr size_t kArpSender = kPayload + 14;
constexpr size_t kArpTarget = kPayload + 24;
constexpr size_t kArpEnd = kPayload + 28;
constexpr size_t kIpv6NextHeader = kPayload + 6;
constexpr size_t kIpv6Source = kPayload + 8;
constexpr size_t kIcmp = kPayload + 40;
constexpr size_t kIcmpTarget = kIcmp + 8;
constexpr size_t kIcmpEnd = kIcmpTarget + 16;

void append(Frame& frame, std::span<const uint8_t> bytes) {
  frame.insert(frame.end(), bytes.begin(), bytes.end());
}

bool holds(std::span<const uint8_t> frame, size_t at, std::span<const uint8_t> bytes) {
  return frame.size() >= at + bytes.size() &&
         std::ranges::equal(frame.subspan(at, bytes.size()), bytes);
}

Frame ethernet(const MacAddress& destination, const MacAddress& source,
               std::span<const uint8_t> type) {
  Frame frame;
  append(frame, destination);
  append(frame, source);
  append(frame, type);
  return frame;
}

Frame arp(uint8_t operation, const MacAddress& own, const address_v4& sender,
          const MacAddress& target_mac, const address_v4& target) {
  Frame frame = ethernet(kBroadcast, own, kArpType);
  append(frame, kArpStart);
  append(frame, std::array<uint8_t, 2>{0, operation});
  append(frame, own);
  append(frame, sender.to_bytes());
  append(frame, target_mac);
  append(frame, target.to_bytes());
  return frame;
}

// The Internet checksum over the IPv6 pseudo header and the message (RFC 8200 8.1).
std::array<uint8_t, 2> icmpv6_checksum(const address_v6& source, const address_v6& destination,
                                       std::span<const uint8_t> message) {
  Frame summed;
  append(summed, source.to_bytes());
  append(summed, destination.to_bytes());
  const auto length = static_cast<uint8_t>(message.size());  // our messages have at most 32 bytes
  append(summed, std::array<uint8_t, 8>{0, 0, 0, length, 0, 0, 0, kIcmpv6});
  append(summed, message);
  uint32_t sum = 0;
  for (size_t at = 0; at < summed.size(); at += 2)
    sum += static_cast<uint32_t>(summed[at] << 8 | summed[at + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum;
  return {static_cast<uint8_t>(sum >> 8), static_cast<uint8_t>(sum)};
}

// To a multicast group, with hop limit 255 as neighbour discovery demands (RFC 4861 7.1).
Frame icmpv6(const MacAddress& own, const address_v6& source, const address_v6& group,
             Frame message) {
  const auto checksum = icmpv6_checksum(source, group, message);
  std::ranges::copy(checksum, message.begin() + 2);
  const auto bytes = group.to_bytes();
  // A group's MAC is 33:33 and the group's last four bytes (RFC 2464 7).
  Frame frame = ethernet({0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]}, own, kIpv6Type);
  const auto length = static_cast<uint8_t>(message.size());
  append(frame, std::array<uint8_t, 8>{0x60, 0, 0, 0, 0, length, kIcmpv6, 255});
  append(frame, source.to_bytes());
  append(frame, bytes);
  append(frame, message);
  return frame;
}

Frame icmpv6_message(uint8_t type, uint8_t flags, const address_v6& target) {
  Frame message = {type, 0, 0, 0, flags, 0, 0, 0};
  append(message, target.to_bytes());
  return message;
}

// ff02::1:ff00:0 and the address's last three bytes (RFC 4291 2.7.1).
address_v6 solicited_node_group(const address_v6& address) {
  auto group = boost::asio::ip::make_address_v6("ff02::1:ff00:0").to_bytes();
  std::ranges::copy_n(address.to_bytes().begin() + 13, 3, group.begin() + 13);
  return address_v6(group);
}

bool arp_claims(std::span<const uint8_t> frame, const address_v4& address) {
  if (frame.size() < kArpEnd || !holds(frame, kPayload, kArpStart)) return false;
  if (holds(frame, kArpSender, address.to_bytes())) return true;
  // A probe by somebody else: who also wants the address counts as having it (RFC 5227 2.1.1).
  return frame[kArpOperation] == kArpRequest &&
         holds(frame, kArpSender, address_v4::any().to_bytes()) &&
         holds(frame, kArpTarget, address.to_bytes());
}

bool neighbour_claims(std::span<const uint8_t> frame, const address_v6& address) {
  if (frame.size() < kIcmpEnd || frame[kIpv6NextHeader] != kIcmpv6) return false;
  if (!holds(frame, kIcmpTarget, address.to_bytes())) return false;
  // A solicitation from the unspecified address is somebody else's probe (RFC 4862 5.4.3).
  return frame[kIcmp] == kNeighbourAdvertisement ||
         (frame[kIcmp] == kNeighbourSolicitation &&
          holds(frame, kIpv6Source, address_v6::any().to_bytes()));
}

}  // namespace

std::string format_mac(const MacAddress& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                     mac[4], mac[5]);
}

Frame probe_frame(const MacAddress& own, const IpAddress& address) {
  if (address.is_v4()) return arp(kArpRequest, own, address_v4::any(), kNoMac, address.to_v4());
  return icmpv6(own, address_v6::any(), solicited_node_group(address.to_v6()),
                icmpv6_message(kNeighbourSolicitation, 0, address.to_v6()));
}

std::vector<Frame> announcement_frames(const MacAddress& own, const IpAddress& address) {
  if (address.is_v4()) {
    const auto v4 = address.to_v4();
    return {arp(kArpRequest, own, v4, kNoMac, v4), arp(kArpReply, own, v4, own, v4)};
  }
  const auto v6 = address.to_v6();
  Frame message = icmpv6_message(kNeighbourAdvertisement, kOverride, v6);
  append(message, std::array<uint8_t, 2>{kTargetLinkLayerAddress, 1});  // one unit of eight bytes
  append(message, own);
  return {icmpv6(own, v6, boost::asio::ip::make_address_v6("ff02::1"), std::move(message))};
}

std::optional<MacAddress> find_claimant(std::span<const uint8_t> frame, const MacAddress& own,
                                        const IpAddress& address) {
  if (frame.size() < kPayload) return std::nullopt;
  const auto type = frame.subspan(kEthernetType, 2);
  const bool claims = std::ranges::equal(type, kArpType)
                          ? address.is_v4() && arp_claims(frame, address.to_v4())
                          : std::ranges::equal(type, kIpv6Type) && address.is_v6() &&
                                neighbour_claims(frame, address.to_v6());
  if (!claims) return std::nullopt;
  // ARP names its sender itself; a proxy's frame would come from another station.
  const size_t at = address.is_v4() ? kArpSenderMac : kEthernetSource;
  MacAddress claimant{};
  std::ranges::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), claimant.size(),
                      claimant.begin());
  if (claimant == own) return std::nullopt;
  return claimant;
}

}  // namespace tasuki::resource
