// Partitions and floating IPs of all groups: any two groups may come to run on one node, so what
// one of them takes no other may use.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string_view>

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

// `path` is plain.
void check_mount_point(const std::string& path, int line, Report& report) {
  // A file system mounted on one of these hides what every program on the server needs.
  constexpr auto kSystemFolders =
      std::to_array<std::string_view>({"/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32",
                                       "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var"});
  if (std::ranges::find(kSystemFolders, path) != kSystemFolders.end())
    report.mistake(line,
                   fmt::format("mount_point = \"{}\" would hide the system's own files", path),
                   "write a folder for this partition, as \"/mnt/data1\"");
}

void check_mount_points(std::vector<Located<std::string>> mount_points, Report& report) {
  for (auto& [path, line] : mount_points) {
    const auto plain = plain_path(path);
    if (plain != path)
      report.mistake(line, fmt::format("mount_point = \"{}\" is not in its plain form", path),
                     fmt::format("write \"{}\"", plain));
    path = plain;
    check_mount_point(path, line, report);
  }
  Unique unique("mount point", "give each partition its own");
  for (const auto& [path, line] : mount_points) {
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

struct KnownAddresses {
  std::vector<NamedAddress> nodes;
  std::optional<Address> witness;
};

KnownAddresses known_addresses(const Table& root) {
  KnownAddresses found;
  for (const Table* node : root.tables("node")) {
    const auto name = node->find_text("name");
    for (const auto& [text, line] : node->texts("addresses"))
      if (const auto address = parse_address(text))
        found.nodes.push_back({name ? name->value : "", *address});
  }
  if (const Table* witness = root.find_table("witness"))
    if (const auto text = witness->find_text("address")) found.witness = parse_address(text->value);
  return found;
}

// The prefix of the floating IP's network, as given or assumed; none when it is a mistake.
std::optional<int> check_prefix(const Table& resource, Family family, Report& report) {
  const auto given = resource.find_integer("prefix");
  if (!given) return usual_prefix(family);
  const int bits = address_bits(family);
  if (given->value > bits && given->value <= address_bits(Family::ipv6))
    report.mistake(given->line, fmt::format("prefix = {} is too long for IPv4", given->value),
                   fmt::format("write at most {}", bits));
  if (given->value < 1 || given->value > bits) return {};
  return static_cast<int>(given->value);
}

// Every node of the policy must have an address in the floating IP's network, or it could not take
// it over. An explicit interface may lead to a network that the file does not know.
void check_network(const Table& group, const Address& address, int prefix, int line,
                   const std::vector<NamedAddress>& known, Report& report) {
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

void check_floating_ip(const Table& group, const Table& resource, const KnownAddresses& known,
                       Unique& unique, Report& report) {
  const auto text = resource.find_text("address");
  const auto address = text ? parse_address(text->value) : std::nullopt;
  if (!address || !is_host_address(*address)) return;
  unique.add(to_text(*address), text->line, report);
  const auto wrong = [&](const std::string& what, std::string expected) {
    report.mistake(text->line, fmt::format("the floating IP {} {}", to_text(*address), what),
                   std::move(expected));
  };
  for (const auto& [node, other] : known.nodes)
    if (other == *address)
      return wrong("is an address of node " + node, "choose one that no machine has");
  if (known.witness == *address)
    return wrong("is the witness's address", "choose one that no machine has");
  const auto prefix = check_prefix(resource, address->family, report);
  if (!prefix) return;
  if (!is_host_in_network(*address, *prefix))
    return wrong(fmt::format("is the first or the last of {}/{}, which no host can have",
                             to_text(network_of(*address, *prefix)), *prefix),
                 "choose another one, or write its network's prefix");
  if (resource.find("interface") == nullptr)
    check_network(group, *address, *prefix, text->line, known.nodes, report);
}

// The disk that a partition is on, by its name, as "/dev/sdb1", "/dev/nvme0n1p1",
// "/dev/disk/by-id/wwn-1-part1" and "/dev/mapper/mpatha1". Other names of it are not known here.
std::string disk_of(const std::string& device) {
  static const std::regex kPartition(
      R"((.*)-part\d+|(/dev/(?:sd|vd|xvd|hd)[a-z]+)\d+|)"
      R"((/dev/(?:nvme\d+n\d+|mmcblk\d+))p\d+|(/dev/mapper/mpath[a-z]+)\d+)");
  std::smatch match;
  if (!std::regex_match(device, match, kPartition)) return device;
  const auto disk = std::find_if(match.begin() + 1, match.end(),
                                 [](const std::ssub_match& part) { return part.matched; });
  return disk->str();
}

struct OnDisk {
  std::string what;  // "group mail", or what else writes to it
  int line = 0;
};

}  // namespace

bool is_reserved(const Table& partition) {
  const auto guard = partition.find_text("guard");
  return guard && guard->value == "scsi-reservation";
}

// A reservation is for a whole disk: whoever else had part of it would be refused.
void check_reserved_disks(const Table& root, Report& report) {
  std::map<std::string, std::vector<OnDisk>> disks;
  std::set<std::string> reserved;
  for (const Table* group : root.tables("group")) {
    const auto name = group->find_text("name");
    const std::string what = "group " + (name ? name->value : "");
    for (const Table* partition : group->tables("partition")) {
      const auto device = partition->find_text("device");
      if (!device) continue;
      const std::string disk = disk_of(plain_path(device->value));
      disks[disk].push_back({what, device->line});
      if (is_reserved(*partition)) reserved.insert(disk);
    }
  }
  for (const char* key : {"witness", "lease"})
    if (const Table* slots = root.find_table(key))
      if (const auto device = slots->find_text("device"))
        disks[disk_of(plain_path(device->value))].push_back(
            {fmt::format("[{}]", key), device->line});
  // A key has 16 bits for it (guard/scsi_reservation.hpp).
  constexpr int64_t kLargestId = 65'535;
  for (const Table* node : root.tables("node"))
    if (const auto id = node->find_integer("id"); id && id->value > kLargestId && !reserved.empty())
      report.mistake(id->line,
                     fmt::format("id = {} has no room in a disk's reservation", id->value),
                     fmt::format("give it an id up to {}", kLargestId));
  for (const std::string& disk : reserved) {
    const auto& users = disks.at(disk);
    for (const OnDisk& user : users)
      if (user.what != users.front().what)
        report.mistake(user.line,
                       fmt::format("the disk {} is reserved for one server as a whole, and {} has "
                                   "part of it too (line {})",
                                   disk, users.front().what, users.front().line),
                       "give them disks of their own, or put the partitions into one group");
  }
}

void check_partitions(const Table& root, Report& report) {
  Unique devices("device", "give each partition its own");
  std::vector<Located<std::string>> mount_points;
  for (const Table* partition : resources_of_all_groups(root, "partition")) {
    if (const auto device = partition->find_text("device"))
      devices.add(plain_path(device->value), device->line, report);
    if (const auto path = partition->find_text("mount_point"); path && path->value.starts_with('/'))
      mount_points.push_back(*path);
  }
  check_mount_points(std::move(mount_points), report);
}

void check_drives(const Table& root, Report& report) {
  Unique letters("drive", "give each folder a letter of its own");
  if (const Table* drives = root.find_table("drives"))
    for (const Field& drive : drives->fields) letters.add(drive.key, drive.line, report);
  for (const Table* partition : resources_of_all_groups(root, "partition")) {
    const auto drive = partition->find_text("drive");
    if (!drive) continue;
    if (is_drive_letter(drive->value))
      letters.add(drive->value, drive->line, report);
    else
      report.mistake(drive->line, fmt::format("drive = \"{}\" is no drive letter", drive->value),
                     "write one letter from a to z, in lower case");
  }
}

void check_floating_ips(const Table& root, Report& report) {
  const auto known = known_addresses(root);
  Unique unique("floating IP", "give each resource its own");
  for (const Table* group : root.tables("group"))
    for (const Table* resource : group->tables("floating_ip"))
      check_floating_ip(*group, *resource, known, unique, report);
}

}  // namespace tasuki::config
