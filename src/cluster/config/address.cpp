#include "cluster/config/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string_view>

namespace tasuki::config {
namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc{} || stop != text.data() + text.size() || port == 0) return {};
  return port;
}

}  // namespace

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.family = Family::ipv6;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return {};
}

std::string to_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family == Family::ipv4 ? AF_INET : AF_INET6;
  inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

Address network_of(const Address& address, int prefix) {
  Address network = address;
  for (int bit = prefix; bit < address_bits(address.family); ++bit) {
    const int mask = 0x80 >> (bit % 8);
    uint8_t& byte = network.bytes[static_cast<size_t>(bit / 8)];
    byte = static_cast<uint8_t>(byte & ~mask);
  }
  return network;
}

int address_bits(Family family) {
  return family == Family::ipv4 ? 32 : 128;
}

int usual_prefix(Family family) {
  return family == Family::ipv4 ? 24 : 64;
}

bool is_host_address(const Address& address) {
  if (address.family == Family::ipv6)  // ::, and ff00::/8 (RFC 4291 2.4)
    return address.bytes[0] != 0xff && network_of(address, 0) != address;
  // 0.0.0.0/8 (RFC 1122 3.2.1.3), 224.0.0.0/4 (RFC 5771) and 240.0.0.0/4 with the broadcast
  // address.
  return address.bytes[0] != 0 && address.bytes[0] < 224;
}

bool is_loopback(const Address& address) {
  if (address.family == Family::ipv4) return address.bytes[0] == 127;
  return address == parse_address("::1");
}

bool is_host_in_network(const Address& address, int prefix) {
  constexpr int kLongestWithBroadcast = 30;
  if (address.family == Family::ipv6 || prefix > kLongestWithBroadcast) return true;
  Address inverse = address;  // its host part is zero where the address's is all ones
  for (uint8_t& byte : inverse.bytes) byte = static_cast<uint8_t>(~byte);
  return network_of(address, prefix) != address && network_of(inverse, prefix) != inverse;
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  if (!address || bracketed != (address->family == Family::ipv6)) return {};
  const auto port = parse_port(std::string_view(text).substr(colon + 1));
  if (!port) return {};
  return Endpoint{*address, *port};
}

std::optional<Url> parse_url(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  const std::string rest = text.starts_with(kScheme) ? text.substr(kScheme.size()) : text;
  const size_t slash = rest.find('/');
  if (slash == std::string::npos || rest.find_first_of(" #\\") != std::string::npos) return {};
  const std::string place = rest.substr(0, slash);
  const std::string path = rest.substr(slash);
  if (const auto endpoint = parse_endpoint(place); endpoint && rest != text)
    return Url{endpoint->address, endpoint->port, path};
  if (!place.starts_with(':') || rest != text) return {};
  const auto port = parse_port(std::string_view(place).substr(1));
  if (!port) return {};
  return Url{{}, *port, path};
}

}  // namespace tasuki::config
