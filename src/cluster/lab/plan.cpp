#include "cluster/lab/plan.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/config/address.hpp"
#include "cluster/core/state.hpp"
#include "cluster/witness/slots.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

constexpr const char* kClient = "client";
constexpr const char* kWitness = "witness";
// The host number from which a free address for the client is looked for.
constexpr int kFirstClientNumber = 200;
constexpr int kLastClientNumber = 254;

bool same_network(const std::string& a, const std::string& b) {
  const auto first = config::parse_address(a);
  const auto second = config::parse_address(b);
  if (!first || !second || first->family != second->family) return false;
  const int prefix = config::usual_prefix(first->family);
  return config::network_of(*first, prefix) == config::network_of(*second, prefix);
}

Interface interface_on(size_t link, const std::string& address) {
  const auto parsed = config::parse_address(address);
  return {link, address, parsed ? config::usual_prefix(parsed->family) : 0};
}

// Corosync starts only with a configuration that Tasuki has just written, so the two are one
// command; its own exit status is that of whichever failed.
constexpr const char* kWriteAndRunCorosync =
    "\"$1\" --node \"$2\" --write-engine-config && "
    "exec corosync -f -c /run/tasuki/corosync.conf";

Program corosync_program(const std::string& folder, const std::string& node) {
  return {"corosync", {"/bin/sh", "-c", kWriteAndRunCorosync, "sh", folder + "/tasukid", node}};
}

std::vector<Outlet> plan_outlets(const core::Config& config) {
  std::vector<Outlet> outlets;
  for (const auto& node : config.nodes)
    for (const auto& device : node.fence)
      if (device.agent != kLabAgent) outlets.push_back({device.agent, device.options, node.name});
  return outlets;
}

Host plan_node(const core::Config& config, const core::Node& node, const std::string& folder) {
  Host host{HostKind::node, node.name, {}, {}, plan_outlets(config), {}};
  for (size_t link = 0; link < node.addresses.size(); ++link)
    host.interfaces.push_back(interface_on(link, node.addresses[link]));
  host.programs.push_back(
      {"tasuki-keeper",
       {folder + "/tasuki-keeper", "--reset", fmt::format("simulated:{}", kWatchdogSocketInNode)},
       true});
  if (config.nodes.size() > 1) {
    host.programs.push_back(corosync_program(folder, node.name));
    if (core::witness_votes(config) > 0 && config.witness->type == core::WitnessType::qnetd)
      host.programs.push_back({"corosync-qdevice", {"corosync-qdevice", "-f"}});
  }
  if (config.witness && config.witness->type == core::WitnessType::folder)
    host.share = config.witness->place;
  host.programs.push_back({"tasukid", {folder + "/tasukid", "--node", node.name}});
  return host;
}

std::vector<std::string> used_addresses(const core::Config& config) {
  std::vector<std::string> used;
  for (const auto& node : config.nodes)
    used.insert(used.end(), node.addresses.begin(), node.addresses.end());
  for (const auto& group : config.groups)
    for (const auto& resource : group.resources)
      if (const auto* ip = std::get_if<core::FloatingIp>(&resource.what))
        used.push_back(ip->address);
  if (config.witness && !config.witness->address.empty()) used.push_back(config.witness->address);
  return used;
}

// The network's host number `number`, read as it is written: 192.0.2.200, 2001:db8::200.
config::Address numbered(config::Address address, int number) {
  address = config::network_of(address, config::usual_prefix(address.family));
  if (address.family == config::Family::ipv4) {
    address.bytes[3] = static_cast<uint8_t>(number);
  } else {
    address.bytes[14] = static_cast<uint8_t>(number / 100);
    address.bytes[15] = static_cast<uint8_t>(number / 10 % 10 * 16 + number % 10);
  }
  return address;
}

// The first free address beside a node's.
Result<std::string> find_client_address(const std::set<config::Address>& used,
                                        const std::string& neighbour) {
  const auto base = config::parse_address(neighbour);
  for (int number = kFirstClientNumber; base && number <= kLastClientNumber; ++number) {
    const config::Address candidate = numbered(*base, number);
    if (!used.contains(candidate)) return config::to_text(candidate);
  }
  return failure(fmt::format(
      "no address from {} to {} is free beside {} for the client; give one with --client-address",
      kFirstClientNumber, kLastClientNumber, neighbour));
}

// It is on every link: a floating IP may be on any.
Result<Host> plan_client(const core::Config& config, const std::optional<std::string>& wanted) {
  std::set<config::Address> used;
  for (const auto& text : used_addresses(config))
    if (const auto address = config::parse_address(text)) used.insert(*address);
  const auto& neighbours = config.nodes.front().addresses;
  Host host{HostKind::client, kClient, {}, {}, {}, {}};
  bool placed = !wanted;
  for (size_t link = 0; link < neighbours.size(); ++link) {
    if (wanted && same_network(*wanted, neighbours[link])) {
      placed = true;
      host.interfaces.push_back(interface_on(link, *wanted));
      continue;
    }
    auto address = find_client_address(used, neighbours[link]);
    if (!address) return failure(address.error());
    host.interfaces.push_back(interface_on(link, *address));
  }
  if (!placed)
    return failure(
        fmt::format("the client cannot have the address {}; give one in the network of {}", *wanted,
                    join(neighbours, " or ")));
  if (const auto address = wanted ? config::parse_address(*wanted) : std::nullopt;
      address && used.contains(*address))
    return failure(fmt::format("the client's address {} is taken; give a free one", *wanted));
  return host;
}

Program witness_program(const core::Witness& witness, const std::string& folder) {
  const std::string port = fmt::format("{}", witness.port);
  if (witness.type == core::WitnessType::http)
    return {"tasuki-witness",
            {folder + "/tasuki", "witness", "serve", "--address", witness.address, "--port", port}};
  return {"corosync-qnetd",
          {"corosync-qnetd", "-f", "-s", witness.tls ? "req" : "off", "-p", port}};
}

Result<Host> plan_witness(const core::Config& config, const core::Witness& witness,
                          const std::string& folder) {
  const auto& links = config.nodes.front().addresses;
  const auto link = std::ranges::find_if(
      links, [&](const std::string& address) { return same_network(address, witness.address); });
  if (link == links.end())
    return failure(fmt::format(
        "a lab has no routers, and the witness {} is in none of the nodes' networks; give it an "
        "address in one",
        witness.address));
  const auto position = static_cast<size_t>(link - links.begin());
  return Host{.kind = HostKind::witness,
              .name = kWitness,
              .interfaces = {interface_on(position, witness.address)},
              .programs = {witness_program(witness, folder)},
              .outlets = {},
              .share = {}};
}

Result<void> add_disk(std::vector<Disk>& disks, Disk disk) {
  if (std::ranges::find(disks, disk.device, &Disk::device) != disks.end()) return {};
  if (!disk.device.starts_with("/dev/"))
    return failure(
        fmt::format("a lab cannot make the device {}; use a path below /dev", disk.device));
  disk.image = disk.device.substr(std::string("/dev/").size()) + ".img";
  std::ranges::replace(disk.image, '/', '_');
  if (std::ranges::find(disks, disk.image, &Disk::image) != disks.end())
    return failure(
        fmt::format("the devices {} and another one differ only in '/' and '_', "
                    "which a lab does not tell apart",
                    disk.device));
  disks.push_back(std::move(disk));
  return {};
}

Result<std::vector<Disk>> plan_disks(const core::Config& config) {
  std::vector<Disk> disks;
  for (const auto& group : config.groups)
    for (const auto& resource : group.resources)
      if (const auto* partition = std::get_if<core::Partition>(&resource.what))
        if (auto added = add_disk(disks, {partition->device, partition->filesystem, ""}); !added)
          return failure(added.error());
  if (const auto slots = core::slot_place(config); slots && slots->type == core::WitnessType::disk)
    if (auto added = add_disk(disks, {slots->place, "", "", witness::mark_of(config.cluster_name)});
        !added)
      return failure(added.error());
  return disks;
}

}  // namespace

Result<Plan> plan_lab(const core::Config& config, const PlanOptions& options) {
  Plan plan;
  plan.cluster = config.cluster_name;
  plan.corosync = config.nodes.size() > 1;
  for (const auto& node : config.nodes) {
    if (node.name == kClient || node.name == kWitness)
      return failure(
          fmt::format("a lab has a host of its own named {}; rename the node", node.name));
    plan.links = std::max(plan.links, node.addresses.size());
    plan.hosts.push_back(plan_node(config, node, options.program_folder));
  }
  auto client = plan_client(config, options.client_address);
  if (!client) return failure(client.error());
  plan.hosts.push_back(std::move(*client));
  if (config.witness && !config.witness->address.empty()) {
    auto witness = plan_witness(config, *config.witness, options.program_folder);
    if (!witness) return failure(witness.error());
    plan.hosts.push_back(std::move(*witness));
  }
  auto disks = plan_disks(config);
  if (!disks) return failure(disks.error());
  plan.disks = std::move(*disks);
  return plan;
}

}  // namespace tasuki::lab
