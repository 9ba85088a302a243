#include "cluster/lab/network.hpp"

#include <algorithm>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/command.hpp"
#include "kit/fd.hpp"

namespace tasuki::lab {
namespace {

Result<void> run_ip(const std::string& batch) {
  return run_command({"ip", "-batch", "-"}, batch);
}

// One ioctl instead of a process: the links of a machine whose power is cut are gone at once.
Result<void> set_link(const std::string& name, PortState state) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno_failure("open a socket");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return errno_failure("find " + name);
  const int flags =
      state == PortState::up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  request.ifr_flags = static_cast<short>(flags);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return errno_failure("set " + name);
  return {};
}

// The same in every life of a host, as that of a real network card; locally administered.
std::string hardware_address(size_t host, size_t link) {
  return fmt::format("02:54:53:4b:{:02x}:{:02x}", link, host);
}

// A host that was off a moment ago may still have a port whose other end is being taken away.
void unplug(const std::string& port) {
  if (::if_nametoindex(port.c_str()) == 0) return;
  // It may vanish by itself between the two; then there is nothing left to do.
  [[maybe_unused]] const auto done = run_ip(fmt::format("link del {}\n", port));
}

}  // namespace

std::string port_name(size_t host, size_t link) {
  return fmt::format("host{}.{}", host, link);
}

std::string cut_rules(const std::vector<Host>& hosts, const std::set<Cut>& cuts) {
  const auto ports = [&](const std::string& name) {
    std::string list;
    for (size_t position = 0; position < hosts.size(); ++position) {
      if (hosts[position].name != name) continue;
      for (const auto& interface : hosts[position].interfaces)
        list +=
            fmt::format("{}\"{}\"", list.empty() ? "" : ", ", port_name(position, interface.link));
    }
    return list;
  };
  // Declaring the table before deleting it makes the deletion work the first time too.
  std::string rules =
      "table bridge tasuki\n"
      "delete table bridge tasuki\n"
      "table bridge tasuki {\n"
      "  chain forward {\n"
      "    type filter hook forward priority 0;\n";
  for (const auto& cut : cuts)
    rules +=
        fmt::format("    iifname {{ {} }} oifname {{ {} }} drop\n", ports(cut.from), ports(cut.to));
  return rules + "  }\n}\n";
}

Result<void> make_bridges(size_t links) {
  std::string batch = "link set lo up\n";
  for (size_t link = 0; link < links; ++link)
    batch += fmt::format(
        "link add lan{0} type bridge mcast_snooping 0 forward_delay 0\n"
        "link set lan{0} up\n",
        link);
  return run_ip(batch);
}

Result<void> plug_in(size_t position, const Host& host, pid_t pid) {
  std::string batch;
  for (const auto& interface : host.interfaces) {
    const std::string port = port_name(position, interface.link);
    unplug(port);
    batch += fmt::format(
        "link add {0} type veth peer name eth{1} address {2} netns {3}\n"
        "link set {0} master lan{1}\n",
        port, interface.link, hardware_address(position, interface.link), pid);
  }
  return run_ip(batch);
}

Result<void> configure_interfaces(const Host& host) {
  std::string batch = "link set lo up\n";
  for (const auto& interface : host.interfaces) {
    const bool ipv6 = interface.address.contains(':');
    batch += fmt::format("addr add {}/{} dev eth{} {}\nlink set eth{} up\n", interface.address,
                         interface.prefix, interface.link, ipv6 ? "nodad" : "", interface.link);
  }
  return run_ip(batch);
}

Result<void> set_ports(size_t position, const Host& host, PortState state) {
  for (const auto& interface : host.interfaces)
    if (auto done = set_link(port_name(position, interface.link), state); !done) return done;
  return {};
}

Result<void> apply_cuts(const std::vector<Host>& hosts, const std::set<Cut>& cuts) {
  auto applied = run_command({"nft", "-f", "-"}, cut_rules(hosts, cuts));
  if (!applied) return failure(applied.error().during("cut (needs the nftables package)"));
  return {};
}

}  // namespace tasuki::lab
