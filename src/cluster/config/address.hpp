// IPv4 and IPv6 addresses as values: equal when they mean the same, whatever way they are written.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace tasuki::config {

enum class Family { ipv4, ipv6 };

struct Address {
  Family family = Family::ipv4;
  std::array<uint8_t, 16> bytes{};  // network order; IPv4 uses the first four
  friend auto operator<=>(const Address&, const Address&) = default;
};

// Numeric forms only; names, prefixes and scopes are refused.
std::optional<Address> parse_address(const std::string& text);

// The shortest usual form (RFC 5952 for IPv6).
std::string to_text(const Address& address);

// The address without its host part; `prefix` in bits.
Address network_of(const Address& address, int prefix);

// 32 or 128.
int address_bits(Family family);

// The prefix that is assumed where the configuration gives none: 24 or 64.
int usual_prefix(Family family);

// Whether a host can have it: not unspecified, multicast or broadcast.
bool is_host_address(const Address& address);

// Whether only the machine itself reaches it: 127.0.0.0/8 (RFC 1122 3.2.1.3) and ::1.
bool is_loopback(const Address& address);

// Whether a host in its network can have it: for IPv4 neither the network's own address nor its
// broadcast address, which a /31 and a /32 do not have (RFC 3021).
bool is_host_in_network(const Address& address, int prefix);

struct Endpoint {
  Address address;
  uint16_t port = 0;
};

// "192.0.2.1:5432" or "[2001:db8::1]:5432".
std::optional<Endpoint> parse_endpoint(const std::string& text);

// Where a web server is asked for what.
struct Url {
  std::optional<Address> address;  // none: the caller knows a better one
  uint16_t port = 0;
  std::string path;  // with its query
};

// "http://192.0.2.1:8080/ready" or ":8080/ready". The port is always written: there is no usual one
// for the check of a service.
std::optional<Url> parse_url(const std::string& text);

}  // namespace tasuki::config
