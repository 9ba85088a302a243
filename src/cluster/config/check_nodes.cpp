// Nodes, witness and timing.
#include <algorithm>
#include <array>
#include <map>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/config/address.hpp"
#include "cluster/config/checks.hpp"
#include "cluster/core/timing.hpp"

namespace tasuki::config {
namespace {

constexpr size_t kNodesMax = 32;  // what Corosync is tested with
constexpr size_t kLinksMax = 8;   // KNET_MAX_LINK

std::string name_of(const Table& node) {
  const auto name = node.find_text("name");
  return name ? name->value : fmt::format("in line {}", node.line);
}

void check_identities(const std::vector<const Table*>& nodes, Report& report) {
  Unique names("node name", "give each node its own");
  Unique ids("node id", "give each node its own, one that no node ever had");
  for (const Table* node : nodes) {
    if (const auto name = node->find_text("name")) names.add(name->value, name->line, report);
    if (const auto id = node->find_integer("id"))
      ids.add(fmt::format("{}", id->value), id->line, report);
  }
  if (nodes.size() > kNodesMax)
    report.mistake(nodes[kNodesMax]->line, fmt::format("there are {} nodes", nodes.size()),
                   fmt::format("a cluster has at most {}", kNodesMax));
}

std::string_view family_name(Family family) {
  return family == Family::ipv4 ? "IPv4" : "IPv6";
}

// The address in the place of one link, against the first node's on the same link.
void check_link(size_t link, const Located<std::string>& text, const Located<std::string>& first,
                Report& report) {
  const auto address = parse_address(text.value);
  const auto model = parse_address(first.value);
  if (!address || !model) return;
  if (address->family != model->family)
    return report.mistake(
        text.line,
        fmt::format("link {} mixes {} {} and {} {}", link, family_name(model->family), first.value,
                    family_name(address->family), text.value),
        "use one family for each link");
  const int prefix = usual_prefix(address->family);
  if (network_of(*address, prefix) != network_of(*model, prefix))
    report.warning(text.line,
                   fmt::format("link {} joins {} and {}, which are not in the same /{}", link,
                               first.value, text.value, prefix),
                   "check that they reach each other directly");
}

void check_loopback(const Located<std::string>& text, Report& report) {
  if (const auto address = parse_address(text.value); address && is_loopback(*address))
    report.mistake(text.line, fmt::format("the node address {} is a loopback address", text.value),
                   "write the one under which the other machines reach the node");
}

void check_addresses(const std::vector<const Table*>& nodes, Report& report) {
  Unique unique("node address", "give each node its own");
  for (const Table* node : nodes) {
    const auto addresses = node->texts("addresses");
    for (const auto& text : addresses) {
      if (const auto address = parse_address(text.value))
        unique.add(to_text(*address), text.line, report);
      check_loopback(text, report);
    }
    if (addresses.size() > kLinksMax)
      report.mistake(node->find("addresses")->line,
                     fmt::format("node {} has {} addresses", name_of(*node), addresses.size()),
                     fmt::format("there are at most {} links", kLinksMax));
    const auto model = nodes.front()->texts("addresses");
    if (addresses.empty() || model.empty()) continue;
    if (addresses.size() != model.size())
      report.mistake(
          node->find("addresses")->line,
          fmt::format("the number of addresses is {} on node {} and {} on node {}",
                      addresses.size(), name_of(*node), model.size(), name_of(*nodes.front())),
          "write one for each link, the same number on every node");
    for (size_t i = 0; i < std::min(addresses.size(), model.size()); ++i)
      check_link(i, addresses[i], model[i], report);
  }
}

// A bare name is looked up and run; without its beginning a word like "reboot" would be, too.
void check_fence_agent(const Located<std::string>& agent, Report& report) {
  if (agent.value.starts_with('/')) return;
  if (agent.value.contains('/'))
    report.mistake(agent.line, fmt::format("agent = \"{}\" is a relative path", agent.value),
                   "write a program's name or an absolute path");
  else if (!agent.value.starts_with("fence_"))
    report.mistake(agent.line, fmt::format("agent = \"{}\" is no fence agent's name", agent.value),
                   "write one that begins with \"fence_\", or an absolute path");
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Agents of the fence-agents that leave the power on: after their "off" a node runs on.
void check_switches_power(const Located<std::string>& agent, Report& report) {
  constexpr std::array<std::string_view, 2> kReservations{"fence_scsi", "fence_mpath"};
  constexpr std::array<std::string_view, 3> kNothing{"fence_kdump", "fence_heuristics_ping",
                                                     "fence_ack_manual"};
  const std::string_view name = base_name(agent.value);
  if (is_one_of(name, kReservations))
    report.mistake(agent.line,
                   fmt::format("{} cuts a node off its disks and leaves it running, so it proves "
                               "nothing",
                               name),
                   "write guard = \"scsi-reservation\" into the partitions instead");
  if (is_one_of(name, kNothing))
    report.mistake(agent.line, fmt::format("{} switches no power, so it proves nothing", name),
                   "name an agent that switches the node's power");
}

// Boards that each sit in one machine: what they switch is told by their address alone.
bool has_no_plugs(std::string_view agent) {
  constexpr std::array<std::string_view, 10> kBoards{
      "fence_ipmilan", "fence_ipmilanplus", "fence_idrac", "fence_ilo3", "fence_ilo4",
      "fence_ilo5",    "fence_imm",         "fence_ilo",   "fence_drac", "fence_redfish"};
  return is_one_of(base_name(agent), kBoards);
}

struct Switch {
  std::string node;
  std::string agent;
  std::map<std::string, std::string> options;
  int line = 0;
};

// Of two nodes that have the same plug one would be switched off for the other, and taken for
// proved. Without a plug in its options an agent is given the node's name.
void check_plugs(const std::vector<const Table*>& nodes, Report& report) {
  std::vector<Switch> known;
  for (const Table* node : nodes)
    for (const Table* fence : node->tables("fence")) {
      const auto agent = fence->find_text("agent");
      if (!agent) continue;
      Switch here{name_of(*node), agent->value, fence->text_map("options"), fence->line};
      const bool one_plug = here.options.contains("plug") || here.options.contains("port") ||
                            has_no_plugs(here.agent);
      const auto same = std::ranges::find_if(known, [&](const Switch& other) {
        return other.node != here.node && other.agent == here.agent &&
               other.options == here.options;
      });
      if (one_plug && same != known.end())
        report.mistake(here.line,
                       fmt::format("node {} has the same power switch as node {} in line {}",
                                   here.node, same->node, same->line),
                       "give each node the address or plug of its own");
      known.push_back(std::move(here));
    }
}

void check_fence_agents(const std::vector<const Table*>& nodes, Report& report) {
  for (const Table* node : nodes)
    for (const Table* fence : node->tables("fence"))
      if (const auto agent = fence->find_text("agent")) {
        check_fence_agent(*agent, report);
        check_switches_power(*agent, report);
      }
  check_plugs(nodes, report);
}

// The first of them with the address, nullptr when there is none.
const Table* find_owner(const std::vector<const Table*>& nodes, const Address& address) {
  for (const Table* node : nodes)
    for (const auto& [text, line] : node->texts("addresses"))
      if (parse_address(text) == address) return node;
  return nullptr;
}

// What tells where a witness of that type is, and what else may be said of it.
std::vector<std::string_view> keys_of_witness(std::string_view type) {
  if (type == "disk") return {"device"};
  if (type == "folder") return {"folder"};
  if (type == "http") return {"address", "port"};
  return {"address", "port", "tls"};
}

void check_witness_keys(const Table& witness, Report& report) {
  const auto given = witness.find_text("type");
  const std::string type = given ? given->value : "qnetd";
  const auto keys = keys_of_witness(type);
  for (const std::string_view key : {"address", "port", "tls", "device", "folder"}) {
    const Field* field = witness.find(key);
    const bool taken = std::ranges::find(keys, key) != keys.end();
    if (field != nullptr && !taken)
      report.mistake(field->line, fmt::format("a witness of the type \"{}\" has no {}", type, key),
                     fmt::format("it is described by {}", fmt::join(keys, ", ")));
  }
  if (witness.find(keys.front()) == nullptr)
    report.mistake(witness.line, fmt::format("[witness] needs {}", keys.front()),
                   fmt::format("it says where a witness of the type \"{}\" is", type));
}

// A disk for slots only: nothing else may write to it.
void check_slot_device(const Table& root, const Table& table, const char* what, Report& report) {
  const auto device = table.find_text("device");
  if (!device) return;
  for (const Table* group : root.tables("group"))
    for (const Table* partition : group->tables("partition"))
      if (const auto used = partition->find_text("device"); used && used->value == device->value)
        report.mistake(
            device->line,
            fmt::format("the {} is the device of a partition (line {})", what, used->line),
            "give it a disk or partition of its own; 1 MiB is enough");
}

void check_witness(const Table& root, const std::vector<const Table*>& nodes, Report& report) {
  const Table* witness = root.find_table("witness");
  if (witness == nullptr) return;
  check_witness_keys(*witness, report);
  check_slot_device(root, *witness, "witness", report);
  const auto text = witness->find_text("address");
  const auto address = text ? parse_address(text->value) : std::nullopt;
  const Table* owner = address ? find_owner(nodes, *address) : nullptr;
  if (owner != nullptr)
    report.mistake(text->line,
                   fmt::format("the witness has the address of node {}", name_of(*owner)),
                   "it must be a third machine, or it is lost together with the node");
  const auto type = witness->find_text("type");
  if (nodes.size() % 2 == 1 && (!type || type->value == "qnetd"))
    report.warning(
        witness->line,
        fmt::format("{} nodes have a majority without a witness, so it has no vote", nodes.size()),
        "take it out, or use it with an even number of nodes");
}

// Nodes keep one set of slots, where all of them look.
void check_lease(const Table& root, size_t nodes, Report& report) {
  const Table* lease = root.find_table("lease");
  if (lease == nullptr) return;
  check_slot_device(root, *lease, "lease disk", report);
  const Table* witness = root.find_table("witness");
  const auto type = witness != nullptr ? witness->find_text("type") : std::nullopt;
  if (type && type->value != "qnetd")
    report.mistake(
        lease->line,
        fmt::format("the witness of the type \"{}\" does what [lease] does", type->value),
        "take [lease] out");
  if (nodes == 2 && witness == nullptr)
    report.mistake(lease->line, "two nodes without a witness decide by switching each other off",
                   "add a [witness]; one of the type \"disk\" may use this device");
}

// Whose address it is that every server may have; empty when it can be another host's.
std::string inside_the_cluster(const Table& root, const std::vector<const Table*>& nodes,
                               const Address& address) {
  if (is_loopback(address)) return "a loopback address";
  if (const Table* owner = find_owner(nodes, address))
    return fmt::format("node {} itself", name_of(*owner));
  for (const Table* group : root.tables("group"))
    for (const Table* floating_ip : group->tables("floating_ip"))
      if (const auto text = floating_ip->find_text("address");
          text && parse_address(text->value) == address)
        return fmt::format("the floating IP of group {}", name_of(*group));
  return "";
}

// A hint for those who race for the right to decide; where a majority or a qnetd judges, nobody
// does.
void check_ping(const Table& root, const std::vector<const Table*>& nodes, Report& report) {
  const Table* ping = root.find_table("ping");
  if (ping == nullptr) return;
  for (const auto& host : ping->texts("hosts"))
    if (const auto address = parse_address(host.value))
      if (const std::string whose = inside_the_cluster(root, nodes, *address); !whose.empty())
        report.mistake(host.line, fmt::format("{} is {}", host.value, whose),
                       "name a host outside the cluster, as the gateway");
  const Table* witness = root.find_table("witness");
  const auto type = witness != nullptr ? witness->find_text("type") : std::nullopt;
  const bool qnetd = witness != nullptr && (!type || type->value == "qnetd");
  if (nodes.size() % 2 == 1 || qnetd || (nodes.size() > 2 && witness == nullptr))
    report.warning(ping->line,
                   fmt::format("{} decides here, so no answer of a host changes anything",
                               qnetd ? "the qnetd" : "the majority"),
                   "take it out");
}

// Two nodes of which neither can ever have the right to decide alone.
bool decides_nothing(const Table& root, const Table& node) {
  return node.find("fence") == nullptr && root.tables("node").size() == 2 &&
         root.find("witness") == nullptr;
}

// Without fence, what remains is the lease, which needs a majority of votes to decide and does not
// count for virtual machines. Why nothing can prove that the node is down; empty when something
// can.
std::string why_unprovable(const Table& root, const Table& node) {
  if (node.find("fence") != nullptr) return "";
  if (decides_nothing(root, node))
    return "has no fence and two nodes without a witness have no majority";
  const auto machine = node.find_text("machine");
  return machine && machine->value == "virtual" ? "has no fence and is a virtual machine" : "";
}

bool names(const Table& group, const Table& node) {
  const auto name = node.find_text("name");
  return name && std::ranges::any_of(group.texts("policy"),
                                     [&](const auto& other) { return other.value == name->value; });
}

// A disk that refuses the node needs no proof of it, but somebody who may take the disk.
bool disk_refuses(const Table& root, const Table& node, const Table& partition) {
  return is_reserved(partition) && !decides_nothing(root, node);
}

// What would be accepted instead.
std::string ways_out(const Table& root, const Table& partition) {
  const bool two_alone = root.tables("node").size() == 2 && root.find("witness") == nullptr;
  std::string ways = "give it a [[node.fence]]";
  if (two_alone)
    ways +=
        "; or add a [witness], with which a lease on real hardware or guard = "
        "\"scsi-reservation\" does it";
  if (!is_reserved(partition) && !two_alone)
    ways += "; or write guard = \"scsi-reservation\" if the disk knows persistent reservations";
  return ways +
         "; or write guard = \"none\" if only an administrator's word is to let another "
         "node take the partition over";
}

// A shared partition needs a proof; one that nothing can ever give is no oversight only where
// somebody wrote so.
void check_guards(const Table& root, const std::vector<const Table*>& nodes, Report& report) {
  for (const Table* group : root.tables("group")) {
    if (group->texts("policy").size() < 2) continue;
    for (const Table* node : nodes) {
      const std::string why = why_unprovable(root, *node);
      if (why.empty() || !names(*group, *node)) continue;
      for (const Table* partition : group->tables("partition")) {
        const auto guard = partition->find_text("guard");
        const bool vouched_for = guard && guard->value == "none";
        if (!vouched_for && !disk_refuses(root, *node, *partition))
          report.mistake(
              partition->line,
              fmt::format("node {} {}, so nothing can prove that it let go of this partition",
                          name_of(*node), why),
              ways_out(root, *partition));
      }
    }
  }
}

// Every group that it may run is on disks that refuse it.
bool needs_no_proof(const Table& root, const Table& node) {
  bool any = false;
  for (const Table* group : root.tables("group")) {
    if (!names(*group, node)) continue;
    any = true;
    const auto partitions = group->tables("partition");
    const auto refuses = [&](const Table* partition) {
      return disk_refuses(root, node, *partition);
    };
    if (partitions.empty() || !std::ranges::all_of(partitions, refuses)) return false;
  }
  return any;
}

void warn_of_missing_proof(const Table& root, const std::vector<const Table*>& nodes,
                           Report& report) {
  if (nodes.size() < 2) return;
  for (const Table* node : nodes)
    if (const std::string why = why_unprovable(root, *node);
        !why.empty() && !needs_no_proof(root, *node))
      report.warning(
          node->line,
          fmt::format("node {} {}, so nobody can prove that it is down", name_of(*node), why),
          "when it dies, its groups are only taken over when an administrator confirms it");
}

}  // namespace

void check_nodes(const Table& root, Report& report) {
  const auto nodes = root.tables("node");
  check_identities(nodes, report);
  check_addresses(nodes, report);
  check_fence_agents(nodes, report);
  check_witness(root, nodes, report);
  check_lease(root, nodes.size(), report);
  check_ping(root, nodes, report);
  warn_of_missing_proof(root, nodes, report);
  check_guards(root, nodes, report);
}

void check_timing(const Table& root, Report& report) {
  const Table* timing = root.find_table("timing");
  if (timing == nullptr) return;
  const auto detect = timing->find_time("detect");
  const auto release = timing->find_time("release");
  core::Config config;
  if (detect) config.timing.detect = detect->value;
  if (release) config.timing.release = release->value;
  const auto derived = core::derive_timing(config);
  if (derived) return;
  const auto& blamed = derived.error().what.starts_with("release") ? release : detect;
  report.mistake(blamed ? blamed->line : timing->line, derived.error(), "choose another time");
}

}  // namespace tasuki::config
