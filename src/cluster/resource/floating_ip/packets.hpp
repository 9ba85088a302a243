// The packets by which nodes ask for and claim an address on a link: ARP for IPv4 (RFC 826,
// RFC 5227), neighbour discovery for IPv6 (RFC 4861, RFC 4862). Bytes in, bytes out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace tasuki::resource {

using IpAddress = boost::asio::ip::address;
using MacAddress = std::array<uint8_t, 6>;
using Frame = std::vector<uint8_t>;  // a whole Ethernet frame without checksum

// "52:54:00:12:34:56"
std::string format_mac(const MacAddress& mac);

// Asks whether anybody has the address, without claiming it: an ARP probe (RFC 5227 2.1.1), or a
// neighbour solicitation from the unspecified address (RFC 4862 5.4.2).
Frame probe_frame(const MacAddress& own, const IpAddress& address);

// Tells everybody that the address is here now: an ARP announcement as request and as reply,
// because some systems update their cache only by one of them (RFC 5227 3); or an unsolicited
// neighbour advertisement with the override flag (RFC 4861 7.2.6).
std::vector<Frame> announcement_frames(const MacAddress& own, const IpAddress& address);

// The station other than `own` that has the address, or probes for it too, according to this frame.
std::optional<MacAddress> find_claimant(std::span<const uint8_t> frame, const MacAddress& own,
                                        const IpAddress& address);

}  // namespace tasuki::resource
