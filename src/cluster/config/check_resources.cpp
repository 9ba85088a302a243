// Partitions and floating IPs of all groups: any two groups may come to run on one node, so what
// one of them takes no other may use.
#include <filesystem>

#include <fmt/format.h>

#include "cluster/config/address.hpp"
#include "cluster/config/checks.hpp"
#include "kit/text.hpp"

namespace tasuki::config {
namespace {

std::vector<const Table*> resources_of_all_groups(const Table& root, std::string_view key) {
  std::vector<const Table*> found;
  for (const Table* group : root.tables("group"))
    for (const Table* resource : group->tables(key)) found.push_back(resource);
  return found;
}

// Without ".", "..", "//" and a last "/", so that equal folders have equal texts.
std::string plain_path(const std::string& path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

bool is_inside(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + '/');
}

void check_mount_points(const std::vector<Located<std::string>>& mount_points, Report& report) {
  Unique unique("mount point", "give each partition its own");
  for (const auto& [path, line] : mount_points) {
    if (path == "/") {
      report.mistake(line, "mount_point = \"/\" would hide the system",
                     "write a folder for this partition, as \"/mnt/data1\"");
    } else if (const auto plain = plain_path(path); plain != path) {
      report.mistake(line, fmt::format("mount_point = \"{}\" is not in its plain form", path),
                     fmt::format("write \"{}\"", plain));
    }
    if (!unique.add(path, line, report)) continue;
    for (const auto& [other, other_line] : mount_points)
      if (is_inside(path, other))
        report.mistake(line,
                       fmt::format("the mount point \"{}\" lies inside \"{}\" of line {}", path,
                                   other, other_line),
                       "put it beside the other one");
  }
}

struct NamedAddress {
  std::string node;
  Address address;
};

std::vector<NamedAddress> node_addresses(const Table& root) {
  std::vector<NamedAddress> found;
  for (const Table* node : root.tables("node")) {
    const auto name = node->find_text("name");
    for (const auto& [text, line] : node->texts("addresses"))
      if (const auto address = parse_address(text))
        found.push_back({name ? name->value : "", *address});
  }
  return found;
}

// Every node of the policy must have an address in the floating IP's network, or it could not take
// it over. An explicit interface may lead to a network that the file does not know.
void check_network(const Table& group, const Table& resource, const Address& address, int line,
                   const std::vector<NamedAddress>& known, Report& report) {
  const auto given = resource.find_integer("prefix");
  const int bits = address_bits(address.family);
  if (given && (given->value < 1 || given->value > bits)) {
    if (given->value > bits && given->value <= address_bits(Family::ipv6))
      report.mistake(given->line, fmt::format("prefix = {} is too long for IPv4", given->value),
                     fmt::format("write at most {}", bits));
    return;
  }
  if (resource.find("interface") != nullptr) return;
  const int prefix = given ? static_cast<int>(given->value) : usual_prefix(address.family);
  const Address network = network_of(address, prefix);

  std::vector<std::string> outside;
  for (const auto& [node, node_line] : group.texts("policy")) {
    bool exists = false;
    bool inside = false;
    for (const auto& [name, other] : known) {
      if (name != node) continue;
      exists = true;
      inside = inside || network_of(other, prefix) == network;
    }
    if (exists && !inside) outside.push_back(node);
  }
  if (!outside.empty())
    report.mistake(line,
                   fmt::format("the floating IP {} lies in {}/{}, which has no address of {}",
                               to_text(address), to_text(network), prefix, join(outside, " or ")),
                   "choose one in a network of every node of the policy, or write its prefix or "
                   "interface");
}

void check_floating_ip(const Table& group, const Table& resource,
                       const std::vector<NamedAddress>& known, Unique& unique, Report& report) {
  const auto text = resource.find_text("address");
  const auto address = text ? parse_address(text->value) : std::nullopt;
  if (!address || !is_host_address(*address)) return;
  unique.add(to_text(*address), text->line, report);
  for (const auto& [node, other] : known)
    if (other == *address)
      return report.mistake(
          text->line,
          fmt::format("the floating IP {} is an address of node {}", to_text(*address), node),
          "choose one that no machine has");
  check_network(group, resource, *address, text->line, known, report);
}

}  // namespace

void check_partitions(const Table& root, Report& report) {
  Unique devices("device", "give each partition its own");
  std::vector<Located<std::string>> mount_points;
  for (const Table* partition : resources_of_all_groups(root, "partition")) {
    if (const auto device = partition->find_text("device"))
      devices.add(plain_path(device->value), device->line, report);
    if (const auto path = partition->find_text("mount_point"); path && path->value.starts_with('/'))
      mount_points.push_back(*path);
  }
  check_mount_points(mount_points, report);
}

void check_floating_ips(const Table& root, Report& report) {
  const auto known = node_addresses(root);
  Unique unique("floating IP", "give each resource its own");
  for (const Table* group : root.tables("group"))
    for (const Table* resource : group->tables("floating_ip"))
      check_floating_ip(*group, *resource, known, unique, report);
}

}  // namespace tasuki::config
