// The lab's LAN: a network namespace (the supervisor's own) with one bridge per link, and a port in
// it for each interface of each host. Everything here acts on the calling process's namespace.
#pragma once

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "cluster/lab/plan.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

// One direction in which nothing passes, between two hosts by name.
struct Cut {
  std::string from;
  std::string to;
  friend auto operator<=>(const Cut&, const Cut&) = default;
};

// The bridge port of a host (by its position in the plan) on a link.
std::string port_name(size_t host, size_t link);

// The nftables ruleset that replaces all cuts made before.
std::string cut_rules(const std::vector<Host>& hosts, const std::set<Cut>& cuts);

Result<void> make_bridges(size_t links);

// Plugs the host's interfaces, named eth0, eth1, ..., into the network namespace of process `pid`;
// replaces those of an earlier life. The ports are down.
Result<void> plug_in(size_t position, const Host& host, pid_t pid);

// Run by the host itself, in its own network namespace.
Result<void> configure_interfaces(const Host& host);

enum class PortState { up, down };
Result<void> set_ports(size_t position, const Host& host, PortState state);

Result<void> apply_cuts(const std::vector<Host>& hosts, const std::set<Cut>& cuts);

}  // namespace tasuki::lab
