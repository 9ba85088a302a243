#include "cluster/resource/floating_ip/network.hpp"

#include <algorithm>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>

#include "kit/text.hpp"

namespace tasuki::resource {
namespace {

int host_prefix(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

std::string with_prefix(const InterfaceAddress& entry) {
  return fmt::format("{}/{}", entry.address.to_string(), entry.prefix);
}

template <class Address>
bool same_network(const Address& one, const Address& other, int prefix) {
  using boost::asio::ip::make_network_v4;
  using boost::asio::ip::make_network_v6;
  if constexpr (std::is_same_v<Address, boost::asio::ip::address_v4>)
    return make_network_v4(one, static_cast<unsigned short>(prefix)).canonical() ==
           make_network_v4(other, static_cast<unsigned short>(prefix)).canonical();
  else
    return make_network_v6(one, static_cast<unsigned short>(prefix)).canonical() ==
           make_network_v6(other, static_cast<unsigned short>(prefix)).canonical();
}

// A host address has no network; the floating IPs that are up already are among them.
bool contains(const InterfaceAddress& own, const IpAddress& address) {
  if (own.address.is_v4() != address.is_v4() || own.prefix >= host_prefix(own.address))
    return false;
  return address.is_v4() ? same_network(own.address.to_v4(), address.to_v4(), own.prefix)
                         : same_network(own.address.to_v6(), address.to_v6(), own.prefix);
}

std::string describe_missing(const core::FloatingIp& wanted) {
  const std::string prefix = wanted.prefix == 0 ? "" : fmt::format("/{}", wanted.prefix);
  return fmt::format(
      "{} an address of its own in the network of {}{}",
      wanted.interface.empty() ? "no interface has" : wanted.interface + " does not have",
      wanted.address, prefix);
}

}  // namespace

const Interface* Network::find_interface(int index) const {
  const auto found = std::ranges::find(interfaces, index, &Interface::index);
  return found == interfaces.end() ? nullptr : &*found;
}

std::string Network::describe() const {
  std::vector<std::string> parts;
  for (const auto& interface : interfaces) {
    std::string part = interface.name;
    for (const auto& own : addresses)
      if (own.interface_index == interface.index) part += " " + with_prefix(own);
    parts.push_back(std::move(part));
  }
  return join(parts, ", ");
}

Result<Place> find_place(const core::FloatingIp& wanted, const Network& network) {
  boost::system::error_code refused;
  const auto address = boost::asio::ip::make_address(wanted.address, refused);
  if (refused) return failure(fmt::format("\"{}\" is not an IP address", wanted.address));
  if (!wanted.interface.empty() && std::ranges::find(network.interfaces, wanted.interface,
                                                     &Interface::name) == network.interfaces.end())
    return failure(fmt::format("there is no interface {} on this node; it has {}", wanted.interface,
                               network.describe()),
                   ENODEV);

  const InterfaceAddress* best = nullptr;
  for (const auto& own : network.addresses) {
    const auto* interface = network.find_interface(own.interface_index);
    if (interface == nullptr || !contains(own, address)) continue;
    if (!wanted.interface.empty() && interface->name != wanted.interface) continue;
    if (wanted.prefix != 0 && own.prefix != wanted.prefix) continue;
    // The narrowest network, as routing would choose; of equal ones the first interface.
    if (best == nullptr || own.prefix > best->prefix) best = &own;
  }
  if (best == nullptr)
    return failure(
        fmt::format("{}; this node has {}", describe_missing(wanted), network.describe()),
        EADDRNOTAVAIL);
  return Place{*network.find_interface(best->interface_index),
               {best->interface_index, address, host_prefix(address)}};
}

std::optional<std::string> find_foreign_entry(const Place& place, const Network& network) {
  for (const auto& own : network.addresses) {
    if (own.address != place.entry.address || own == place.entry) continue;
    const auto* interface = network.find_interface(own.interface_index);
    return fmt::format(
        "{} is set on {} already, but not by Tasuki; remove it there and from this node's network "
        "configuration",
        with_prefix(own), interface == nullptr ? "an interface" : interface->name);
  }
  return std::nullopt;
}

std::optional<std::string> find_link_fault(const Place& place, const Network& network) {
  const auto* interface = network.find_interface(place.interface.index);
  if (interface == nullptr) return fmt::format("interface {} is gone", place.interface.name);
  if (!interface->up) return fmt::format("interface {} is set down", interface->name);
  if (!interface->carrier)
    return fmt::format("interface {} has no carrier (cable or switch port)", interface->name);
  return std::nullopt;
}

std::optional<std::string> find_fault(const Place& place, const Network& network) {
  if (auto fault = find_link_fault(place, network)) return fault;
  if (std::ranges::find(network.addresses, place.entry) != network.addresses.end())
    return std::nullopt;
  return fmt::format("{} was removed from {} by somebody other than Tasuki",
                     place.entry.address.to_string(), place.interface.name);
}

}  // namespace tasuki::resource
