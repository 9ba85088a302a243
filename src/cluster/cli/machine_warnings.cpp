#include "cluster/cli/machine_warnings.hpp"

#include <algorithm>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/config/address.hpp"
#include "cluster/core/state.hpp"
#include "kit/machine.hpp"

namespace tasuki::cli {
namespace {

bool has_address_of(const ThisMachine& machine, const core::Node& node) {
  return std::ranges::any_of(node.addresses, [&](const std::string& address) {
    return std::ranges::any_of(machine.addresses, [&](const std::string& own) {
      return config::parse_address(own) == config::parse_address(address);
    });
  });
}

std::string why_lease_is_none(const ThisMachine& machine, const core::Node& node) {
  if (node.machine == core::Machine::detect && machine.virtual_machine)
    return "is or may be a virtual machine";
  return machine.watchdog ? "" : "has no watchdog (/dev/watchdog)";
}

}  // namespace

ThisMachine look_at_this_machine() {
  ThisMachine machine{.addresses = {},
                      .virtual_machine = is_virtual_machine(),
                      .watchdog = ::access("/dev/watchdog", F_OK) == 0};
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return machine;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, &::freeifaddrs);
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const bool ipv6 = one->ifa_addr->sa_family == AF_INET6;
    if (!ipv6 && one->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ifa_addr, ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in), text.data(),
                      text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      machine.addresses.emplace_back(text.data());
  }
  return machine;
}

void add_machine_warnings(config::ParseOutcome& outcome, const std::string& file,
                          const ThisMachine& machine) {
  if (!outcome.config || core::decided_by_fence(*outcome.config)) return;
  Report report(file);
  for (const Diagnostic& warning : outcome.warnings)
    report.warning(warning.line, warning.what, warning.expected);
  for (const core::Node& node : outcome.config->nodes) {
    const bool needed = std::ranges::any_of(outcome.config->groups, [&](const core::Group& group) {
      return std::ranges::find(group.policy, node.id) != group.policy.end() &&
             core::shares_partition_with(group, core::Guard::proof);
    });
    const std::string why = why_lease_is_none(machine, node);
    // That one is virtual by the configuration is told by the configuration's own checks.
    if (!needed || why.empty() || !node.fence.empty() ||
        node.machine == core::Machine::virtual_machine || !has_address_of(machine, node))
      continue;
    report.warning(outcome.node_lines.at(node.id),
                   fmt::format("this server is {}, which has no fence and {}, so its lease proves "
                               "nothing",
                               node.name, why),
                   "give it a [[node.fence]], or its partitions guard = \"scsi-reservation\"; "
                   "otherwise only an administrator's word moves them when it dies");
  }
  outcome.warnings = report.warnings();
}

}  // namespace tasuki::cli
