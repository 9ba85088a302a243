#include "cluster/resource/floating_ip/netlink.hpp"

#include <cstring>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>

namespace tasuki::resource {
namespace {

constexpr size_t kBufferBytes = size_t{32} * 1024;  // the kernel's largest part of a dump
constexpr int kDumpTriesMax = 10;                   // of a dump that a change interrupted
constexpr uint32_t kForever = UINT32_MAX;

struct InterfaceAttributes {
  std::string name;
  MacAddress mac{};
};

int read_interface_attribute(const nlattr* attribute, void* into) {
  auto& found = *static_cast<InterfaceAttributes*>(into);
  if (mnl_attr_get_type(attribute) == IFLA_IFNAME) found.name = mnl_attr_get_str(attribute);
  if (mnl_attr_get_type(attribute) == IFLA_ADDRESS &&
      mnl_attr_get_payload_len(attribute) == found.mac.size())
    std::memcpy(found.mac.data(), mnl_attr_get_payload(attribute), found.mac.size());
  return MNL_CB_OK;
}

int read_interface(const nlmsghdr* message, void* into) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  InterfaceAttributes attributes;
  mnl_attr_parse(message, sizeof *header, read_interface_attribute, &attributes);
  static_cast<Network*>(into)->interfaces.push_back(
      {.index = header->ifi_index,
       .name = attributes.name,
       .mac = attributes.mac,
       .up = (header->ifi_flags & IFF_UP) != 0,
       .carrier = (header->ifi_flags & IFF_RUNNING) != 0,
       .resolves = header->ifi_type == ARPHRD_ETHER && (header->ifi_flags & IFF_NOARP) == 0});
  return MNL_CB_OK;
}

struct AddressAttributes {
  const nlattr* local = nullptr;
  const nlattr* address = nullptr;
};

int read_address_attribute(const nlattr* attribute, void* into) {
  auto& found = *static_cast<AddressAttributes*>(into);
  if (mnl_attr_get_type(attribute) == IFA_LOCAL) found.local = attribute;
  if (mnl_attr_get_type(attribute) == IFA_ADDRESS) found.address = attribute;
  return MNL_CB_OK;
}

template <class Address>
IpAddress to_address(const nlattr* attribute) {
  typename Address::bytes_type bytes{};
  if (mnl_attr_get_payload_len(attribute) == bytes.size())
    std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), bytes.size());
  return Address(bytes);
}

int read_address(const nlmsghdr* message, void* into) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  AddressAttributes attributes;
  mnl_attr_parse(message, sizeof *header, read_address_attribute, &attributes);
  // On a point-to-point link IFA_ADDRESS is the peer's and only IFA_LOCAL is this node's.
  const auto* own = attributes.local != nullptr ? attributes.local : attributes.address;
  if (own == nullptr) return MNL_CB_OK;
  using boost::asio::ip::address_v4;
  using boost::asio::ip::address_v6;
  static_cast<Network*>(into)->addresses.push_back(
      {.interface_index = static_cast<int>(header->ifa_index),
       .address = header->ifa_family == AF_INET ? to_address<address_v4>(own)
                                                : to_address<address_v6>(own),
       .prefix = header->ifa_prefixlen});
  return MNL_CB_OK;
}

void put_address(nlmsghdr* message, const IpAddress& address) {
  const auto put = [message](const auto& bytes) {
    mnl_attr_put(message, IFA_LOCAL, bytes.size(), bytes.data());
    mnl_attr_put(message, IFA_ADDRESS, bytes.size(), bytes.data());
  };
  if (address.is_v4())
    put(address.to_v4().to_bytes());
  else
    put(address.to_v6().to_bytes());
}

int interface_of(const nlmsghdr* message) {
  const void* payload = mnl_nlmsg_get_payload(message);
  if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK)
    return static_cast<const ifinfomsg*>(payload)->ifi_index;
  return static_cast<int>(static_cast<const ifaddrmsg*>(payload)->ifa_index);
}

}  // namespace

Result<Netlink> Netlink::open() {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket) return errno_failure("open a netlink socket");
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
    return errno_failure("bind a netlink socket");
  return Netlink(std::move(socket));
}

Result<Network> Netlink::read() {
  Network network;
  if (auto done = dump(RTM_GETLINK, read_interface, network); !done)
    return failure(done.error().during("read the network interfaces"));
  if (auto done = dump(RTM_GETADDR, read_address, network); !done)
    return failure(done.error().during("read the network addresses"));
  return network;
}

Result<void> Netlink::add(const InterfaceAddress& entry) {
  auto done = change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, entry);
  if (done || done.error().code == EEXIST) return {};
  return done;
}

Result<void> Netlink::remove(const InterfaceAddress& entry) {
  auto done = change(RTM_DELADDR, 0, entry);
  if (done || done.error().code == EADDRNOTAVAIL || done.error().code == ENODEV) return {};
  return done;
}

Result<void> Netlink::request(nlmsghdr* message, mnl_cb_t each, void* into) {
  message->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0)
    return errno_failure("ask the kernel over netlink");
  const uint32_t port = mnl_socket_get_portid(socket_.get());
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (got < 0) return errno_failure("read the kernel's netlink answer");
    const int next =
        mnl_cb_run(buffer.data(), static_cast<size_t>(got), sequence_, port, each, into);
    if (next == MNL_CB_ERROR) return errno_failure("the kernel refuses");
    if (next == MNL_CB_STOP) return {};
  }
}

Result<void> Netlink::dump(uint16_t type, mnl_cb_t each, Network& into) {
  const Network before = into;
  for (int tries = 1;; ++tries) {
    char space[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(rtgenmsg))] = {};
    nlmsghdr* message = mnl_nlmsg_put_header(space);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(message, sizeof(rtgenmsg));
    auto done = request(message, each, &into);
    // EINTR: something changed in the middle, so that the parts do not fit together.
    if (done || done.error().code != EINTR || tries == kDumpTriesMax) return done;
    into = before;
    if (auto fresh = open(); fresh) socket_ = std::move(fresh->socket_);
  }
}

Result<void> Netlink::change(uint16_t type, uint16_t flags, const InterfaceAddress& entry) {
  char space[256] = {};  // header 16, ifaddrmsg 8, two addresses 40, flags 8, lifetimes 20
  nlmsghdr* message = mnl_nlmsg_put_header(space);
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  auto* header = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  header->ifa_family = entry.address.is_v4() ? AF_INET : AF_INET6;
  header->ifa_prefixlen = static_cast<uint8_t>(entry.prefix);
  header->ifa_scope = RT_SCOPE_UNIVERSE;
  header->ifa_index = static_cast<uint32_t>(entry.interface_index);
  put_address(message, entry.address);
  if (type == RTM_NEWADDR) {
    // The kernel's own duplicate detection would keep an IPv6 address unusable for a second.
    mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NOPREFIXROUTE | IFA_F_NODAD);
    // Never preferred: IPv6 then sends from it only in answer to who asked it (RFC 6724 5, rule 3).
    ifa_cacheinfo lifetimes{.ifa_prefered = 0, .ifa_valid = kForever, .cstamp = 0, .tstamp = 0};
    if (entry.address.is_v6()) mnl_attr_put(message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
  }
  return request(message, nullptr, nullptr);
}

Result<Fd> open_network_events() {
  Fd events(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!events) return errno_failure("open a netlink socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(events.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_failure("listen for network changes");
  return events;
}

bool drain_network_events(int events, int interface_index) {
  bool concerned = false;
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t got = ::recv(events, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      concerned = true;
      continue;
    }
    if (got <= 0) return concerned;
    int left = static_cast<int>(got);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
      concerned = concerned || interface_of(message) == interface_index;
  }
}

}  // namespace tasuki::resource
