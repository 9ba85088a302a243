// What the kernel says about this node's network at one moment, and what follows from it for a
// floating IP: the interface it belongs on, and what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "cluster/resource/floating_ip/packets.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

struct Interface {
  int index = 0;
  std::string name;
  MacAddress mac{};
  bool up = false;        // administratively (IFF_UP)
  bool carrier = false;   // and able to send (IFF_RUNNING)
  bool resolves = false;  // Ethernet with neighbour resolution: probes and announcements make sense
};

struct InterfaceAddress {
  int interface_index = 0;
  IpAddress address;
  int prefix = 0;
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct Network {
  std::vector<Interface> interfaces;
  std::vector<InterfaceAddress> addresses;

  // nullptr when there is none with that index.
  [[nodiscard]] const Interface* find_interface(int index) const;
  // "eth0 10.0.0.1/24, eth1 192.168.1.1/16", for messages.
  [[nodiscard]] std::string describe() const;
};

// Where a floating IP goes.
struct Place {
  Interface interface;
  InterfaceAddress entry;  // as it is set on the interface
};

// The interface that has an address of its own in the floating IP's network, and the entry to set
// on it. An interface or prefix that the configuration gives must be that of such a network.
//
// The entry is always a host address (/32, /128). With the network's prefix, IPv4 would make it a
// secondary of the node's own address, or, when it came first, the other way round; and with the
// first the kernel removes the second. A host address has no route either that could go with it:
// replies take the route of the node's own address, which is why there must be one.
Result<Place> find_place(const core::FloatingIp& wanted, const Network& network);

// The floating IP found on this node in another place or form than Tasuki sets it: a sentence.
std::optional<std::string> find_foreign_entry(const Place& place, const Network& network);

// What keeps the interface from carrying the address: gone, down, or without carrier.
std::optional<std::string> find_link_fault(const Place& place, const Network& network);

// The same, and the address itself missing.
std::optional<std::string> find_fault(const Place& place, const Network& network);

}  // namespace tasuki::resource
