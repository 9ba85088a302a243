// The table of keys. Ranges are generous: they catch slips, they are no advice.
#include "cluster/config/keys.hpp"

#include <algorithm>
#include <array>

namespace tasuki::config {
namespace {

using enum KeyType;
using std::string_view;

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kDay = int64_t{24} * 60 * kMinute;
constexpr int64_t kHighestNodeId = 0x7fffffff;  // Corosync: votequorum(5) keeps ids in 31 bits

constexpr std::array<string_view, 4> kWitnessTypes{"qnetd", "disk", "folder", "http"};
constexpr std::array<string_view, 2> kMachines{"physical", "virtual"};
constexpr std::array<string_view, 2> kGuards{"scsi-reservation", "none"};
constexpr std::array<string_view, 2> kScopes{"group", "node"};
constexpr std::array<string_view, 2> kFailbacks{"manual", "automatic"};
constexpr std::array<string_view, 3> kFilesystems{"ext4", "xfs", "btrfs"};
constexpr std::array<string_view, 8> kSignals{"HUP",  "INT",  "QUIT", "KILL",
                                              "USR1", "USR2", "TERM", "WINCH"};
constexpr std::array<string_view, 4> kKinds{"partition", "floating-ip", "services", "scripts"};

constexpr auto kClusterKeys = std::to_array<Key>({
    {.name = "name", .type = name, .required = true, .meaning = "The cluster's name."},
});

constexpr auto kTimingKeys = std::to_array<Key>({
    {.name = "detect",
     .type = time,
     .fallback = "\"600ms\"",
     .meaning = "From a node's death to the others knowing it. All other times are derived from "
                "it. Below 220ms busy servers would be taken for dead ones; at most 60s."},
    {.name = "release",
     .type = time,
     .fallback = "\"5s\"",
     .meaning = "In which a node that lost the right to decide has stopped its groups; it is "
                "reset when it has not. From 500ms to 10m."},
});

constexpr auto kWitnessKeys = std::to_array<Key>({
    {.name = "type",
     .type = choice,
     .fallback = "\"qnetd\"",
     .choices = kWitnessTypes,
     .meaning = "\"qnetd\": a Corosync qnetd. \"http\": the small web server of \"tasuki witness "
                "serve\". \"disk\": a disk or partition that every node sees and nothing else "
                "uses. \"folder\": a folder on a network share that every node mounts."},
    {.name = "address",
     .type = address,
     .meaning = "Where a qnetd or web server listens: a third machine, none of the nodes."},
    {.name = "port",
     .type = integer,
     .lowest = 1,
     .highest = 65535,
     .meaning = "Its TCP port; 5403 for a qnetd and 5404 for a web server when it is left out."},
    {.name = "tls",
     .type = boolean,
     .fallback = "true",
     .meaning = "Whether the connection to a qnetd is encrypted, with the certificate that "
                "\"tasuki witness qnetd\" makes and each node has in /etc/tasuki/witness.p12."},
    {.name = "device",
     .type = path,
     .meaning = "The disk, prepared once with \"tasuki witness prepare\"."},
    {.name = "folder",
     .type = path,
     .meaning = "The folder, prepared once with \"tasuki witness prepare\"."},
});

constexpr auto kLeaseKeys = std::to_array<Key>({
    {.name = "device",
     .type = path,
     .required = true,
     .meaning = "A disk or partition that every node sees and nothing else uses, prepared once "
                "with \"tasuki witness prepare\"."},
});

constexpr auto kPingKeys = std::to_array<Key>({
    {.name = "hosts",
     .type = addresses,
     .required = true,
     .meaning = "Outside the cluster and on the clients' way, as the gateway. One that answers "
                "(ICMP echo) is enough."},
});

constexpr auto kNodeKeys = std::to_array<Key>({
    {.name = "name", .type = name, .required = true, .meaning = "The node's name."},
    {.name = "id",
     .type = integer,
     .required = true,
     .lowest = 1,
     .highest = kHighestNodeId,
     .meaning = "The node's permanent number. It never changes and is never given to another "
                "node, not even after this one has left."},
    {.name = "addresses",
     .type = addresses,
     .required = true,
     .meaning = "One address for each network link, the first the preferred one; up to 8. Every "
                "node has the same number of them, and those in the same place lie in the same "
                "network."},
    {.name = "machine",
     .type = choice,
     .choices = kMachines,
     .meaning =
         "Detected when absent; a processor other than x86 does not tell, so there it counts "
         "as virtual. On a virtual machine an expired lease proves nothing, because a "
         "paused machine stops together with its watchdog. Applies at once."},
});

constexpr auto kFenceKeys = std::to_array<Key>({
    {.name = "agent",
     .type = text,
     .required = true,
     .meaning = "The program: its name, which begins with `fence_`, or an absolute path."},
    {.name = "options",
     .type = agent_options,
     .fallback = "{}",
     .meaning = "What the agent takes, without `action`, which Tasuki sets."},
    {.name = "limit",
     .type = time,
     .fallback = "\"20s\"",
     .lowest = kSecond,
     .highest = 5 * kMinute,
     .meaning = "For one call of the agent."},
});

constexpr auto kServiceKeys = std::to_array<Key>({
    {.name = "name", .type = name, .required = true, .meaning = "The service's name."},
    {.name = "display_name", .type = text, .meaning = "For people; the name when absent."},
    {.name = "command",
     .type = command,
     .meaning = "The program and its arguments, without a shell. It stays in the foreground. This "
                "or `unit`."},
    {.name = "unit",
     .type = text,
     .meaning = "The unit of systemd that is started instead, as \"nginx.service\". It is not "
                "enabled, so that nothing but its group starts it. Besides names, `ready`, limits, "
                "`scope` and `require_partition` its own file says how it runs; what its group "
                "has in `environment` and `commands` does not reach it. Without `ready` it is "
                "ready when systemd says that it has started."},
    {.name = "user",
     .type = text,
     .meaning = "The user it runs as; the same uid on every node. Required with `command`."},
    {.name = "working_directory",
     .type = path,
     .fallback = "\"/\"",
     .meaning = "The folder it starts in."},
    {.name = "environment",
     .type = environment,
     .fallback = "{}",
     .meaning = "Variables for it, besides those of its group."},
    {.name = "stop_signal",
     .type = choice,
     .fallback = "\"TERM\"",
     .choices = kSignals,
     .meaning = "The signal that asks it to stop."},
    {.name = "start_limit",
     .type = time,
     .fallback = "\"30s\"",
     .lowest = 100,
     .highest = kDay,
     .meaning = "Until it is ready."},
    {.name = "stop_limit",
     .type = time,
     .fallback = "\"20s\"",
     .lowest = 100,
     .highest = kDay,
     .meaning = "From the stop signal to its end; then it is killed."},
    {.name = "scope",
     .type = choice,
     .fallback = "\"group\"",
     .choices = kScopes,
     .meaning = "`group`: it runs where the groups that name it are. `node`: it runs on every "
                "node, outside groups."},
    {.name = "require_partition",
     .type = path,
     .meaning = "The mount point of a partition of its group: without it the service is not "
                "started, whoever asks."},
});

constexpr auto kReadyKeys = std::to_array<Key>({
    {.name = "tcp",
     .type = endpoint,
     .meaning = "A TCP connection is accepted. A port alone is tried at the group's first "
                "floating IP, or at loopback when there is none."},
    {.name = "http",
     .type = url,
     .meaning = "A GET is answered with a status of 200 to 399. Without an address it is sent to "
                "where `tcp` would try a port alone."},
    {.name = "command", .type = command, .meaning = "The command ends with 0."},
    {.name = "notify", .type = boolean, .meaning = "It sends READY=1, as sd_notify(3) does."},
});

constexpr auto kGroupKeys = std::to_array<Key>({
    {.name = "name", .type = name, .required = true, .meaning = "The group's name."},
    {.name = "policy",
     .type = names,
     .required = true,
     .meaning = "The nodes that may run it, its home first."},
    {.name = "autostart",
     .type = boolean,
     .fallback = "true",
     .meaning = "Whether it starts with the cluster."},
    {.name = "failback",
     .type = choice,
     .fallback = "\"manual\"",
     .choices = kFailbacks,
     .meaning = "Whether it goes home by itself once its home is healthy again."},
    {.name = "failback_after",
     .type = time,
     .fallback = "\"5m\"",
     .lowest = kSecond,
     .highest = 7 * kDay,
     .meaning = "How long the home must have been healthy for that."},
    {.name = "failure_expiry",
     .type = time,
     .fallback = "\"30m\"",
     .lowest = kSecond,
     .highest = 365 * kDay,
     .meaning = "After which a node on which it failed may be tried again."},
    {.name = "environment",
     .type = environment,
     .fallback = "{}",
     .meaning = "Variables for its services and scripts."},
    {.name = "commands",
     .type = paths,
     .fallback = "[]",
     .meaning = "Folders in front of PATH for its scripts and services."},
    {.name = "registry",
     .type = registry_keys,
     .fallback = "[]",
     .meaning = "Keys of `tasuki registry` that follow it, with everything below them: its next "
                "node has them as they were acknowledged on the last one. As "
                "'HKLM\\SOFTWARE\\NEC\\StarOffice'; in single quotes a backslash is only that."},
    {.name = "files",
     .type = paths,
     .fallback = "[]",
     .meaning = "Files and symbolic links that follow it: its next node has them as they were on "
                "the last one, with owner, group and mode, of at most 256 KiB each; what is "
                "deleted is deleted there too. As \"/etc/staroffice.conf\"."},
    {.name = "services",
     .type = names,
     .fallback = "[]",
     .meaning = "The services it runs, in start order. [[group.service]] does the same with "
                "settings."},
    {.name = "order",
     .type = choices,
     .fallback = "[\"partition\", \"floating-ip\", \"services\", \"scripts\"]",
     .choices = kKinds,
     .meaning = "The kinds of resources in start order; stopping is the reverse. Within a kind "
                "they start as they stand in the file."},
});

constexpr auto kPartitionKeys = std::to_array<Key>({
    {.name = "device",
     .type = path,
     .required = true,
     .meaning = "The block device, under the same path on every node of the policy."},
    {.name = "mount_point",
     .type = path,
     .required = true,
     .meaning = "Where it is mounted; neither /, a folder that the system needs, as /etc, nor "
                "inside another partition's."},
    {.name = "filesystem",
     .type = choice,
     .required = true,
     .choices = kFilesystems,
     .meaning = "The file system on it."},
    {.name = "options", .type = text, .fallback = "\"\"", .meaning = "As `mount -o` takes them."},
    {.name = "drive",
     .type = text,
     .meaning = "The drive letter by which batch files know it, as \"y\"."},
    {.name = "guard",
     .type = choice,
     .choices = kGuards,
     .meaning =
         "\"scsi-reservation\" for a disk with SCSI-3 persistent reservations: the node that "
         "takes the partition has its disk refuse every other one, so that a lost node "
         "stands in nobody's way. It is for the whole disk. "
         "\"none\" where nothing can prove that a lost node of the policy let go of it: no "
         "`fence`, and no lease that counts. When such a node dies, only an administrator's "
         "word does, and the status says so for ever. Without either such a file is "
         "refused."},
});

constexpr auto kFloatingIpKeys = std::to_array<Key>({
    {.name = "address",
     .type = address,
     .required = true,
     .meaning = "The address that moves with the group; no node and no witness has it."},
    {.name = "prefix",
     .type = integer,
     .lowest = 1,
     .highest = 128,
     .meaning = "The prefix length of the network it lies in; any when absent. It only helps to "
                "pick the interface: the address itself is always set as /32, or /128 for IPv6."},
    {.name = "interface",
     .type = text,
     .meaning = "The network interface; when absent, the one with an address in the same "
                "network."},
});

constexpr auto kGroupServiceKeys = std::to_array<Key>({
    {.name = "service",
     .type = name,
     .required = true,
     .meaning = "The name of a [[service]]; also the resource's name unless it has one."},
});

constexpr auto kScriptsKeys = std::to_array<Key>({
    {.name = "start",
     .type = path,
     .required = true,
     .meaning = "Runs last when the group starts."},
    {.name = "stop", .type = path, .required = true, .meaning = "Runs first when the group stops."},
    {.name = "user", .type = text, .fallback = "\"root\"", .meaning = "The user they run as."},
});

constexpr auto kBackupKeys = std::to_array<Key>({
    {.name = "at",
     .type = clock,
     .required = true,
     .meaning = "When it begins, by the clock of the node where the group runs."},
    {.name = "days",
     .type = choices,
     .fallback = "[\"sun\", \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\"]",
     .choices = kDays,
     .meaning = "On which days of the week."},
    {.name = "command",
     .type = command,
     .required = true,
     .meaning = "What makes the backup, with the group's environment, as root, while the group's "
                "services are stopped."},
    {.name = "limit",
     .type = time,
     .fallback = "\"4h\"",
     .lowest = kSecond,
     .highest = kDay,
     .meaning = "How long the command may take; then it is killed and the services start again."},
});

constexpr auto kTemplateKeys = std::to_array<Key>({
    {.name = "source",
     .type = path,
     .required = true,
     .meaning =
         "The file with references in it, on every node. One in `files` is everywhere alike."},
    {.name = "target",
     .type = path,
     .required = true,
     .meaning = "The file that is made, as \"/run/x.conf\"."},
    {.name = "owner", .type = text, .fallback = "\"root\"", .meaning = "Its user, by name."},
    {.name = "group", .type = text, .fallback = "\"root\"", .meaning = "Its group, by name."},
    {.name = "mode",
     .type = text,
     .fallback = "\"0644\"",
     .meaning = "As chmod(1) takes it, in octal."},
});

constexpr auto kDriveKeys = std::to_array<Key>({
    {.name = "a letter from a to z",
     .type = path,
     .meaning = "The folder that the drive stands for. The letter of a partition is written "
                "there, as `drive`.",
     .every_letter = true},
});

constexpr auto kResourceKeys = std::to_array<Key>({
    {.name = "name",
     .type = name,
     .meaning = "Its name in the group: partition-1, partition-2, floating-ip-1, the service's "
                "name or scripts when absent."},
    {.name = "start_limit",
     .type = time,
     .fallback = "\"30s\"",
     .lowest = 100,
     .highest = kDay,
     .meaning = "Until it is up, else the start has failed. A service's default is its own "
                "start_limit."},
    {.name = "stop_limit",
     .type = time,
     .fallback = "\"30s\"",
     .lowest = 100,
     .highest = kDay,
     .meaning = "Until it is down. A service's default is its own stop_limit and 10s more, in "
                "which it is killed."},
    {.name = "restarts",
     .type = integer,
     .fallback = "0",
     .lowest = 0,
     .highest = 9,
     .meaning = "How often it is started again in place before the group fails over."},
    {.name = "restart_window",
     .type = time,
     .fallback = "\"10m\"",
     .lowest = kSecond,
     .highest = 30 * kDay,
     .meaning = "After which such a restart no longer counts."},
    {.name = "after",
     .type = names,
     .fallback = "[]",
     .meaning = "Resources of the group that must be up before it, whatever the order says."},
});

constexpr auto kTables = std::to_array<TableKeys>({
    {.path = "cluster",
     .shape = Shape::single,
     .required = true,
     .keys = kClusterKeys,
     .meaning = "The cluster as a whole."},
    {.path = "timing",
     .shape = Shape::single,
     .keys = kTimingKeys,
     .meaning = "How quickly the loss of a node is noticed. May be left out."},
    {.path = "witness",
     .shape = Shape::single,
     .keys = kWitnessKeys,
     .meaning = "What holds one vote more and runs no groups, for clusters of two nodes: a third "
                "machine, or storage that both reach. May be left out."},
    {.path = "lease",
     .shape = Shape::single,
     .keys = kLeaseKeys,
     .meaning = "A disk on which each node writes that it lives, and that it let go of everything: "
                "that proves it to the others also where the network is cut. A witness of the type "
                "\"disk\", \"folder\" or \"http\" does this too; then there is no [lease]. May be "
                "left out."},
    {.path = "ping",
     .shape = Shape::single,
     .keys = kPingKeys,
     .meaning = "Hosts that tell a node whether it still reaches anybody: of two sides that lose "
                "each other and may both go on, one that reaches none of them leaves the other the "
                "time to. Only a hint: it never proves that another node let go. May be left out."},
    {.path = "node",
     .shape = Shape::repeated,
     .required = true,
     .keys = kNodeKeys,
     .meaning = "A server; 1 to 32 of them."},
    {.path = "node.fence",
     .shape = Shape::repeated,
     .keys = kFenceKeys,
     .meaning = "A program of the fence-agents kind that switches the node's power off. Several "
                "are tried in turn."},
    {.path = "service",
     .shape = Shape::repeated,
     .keys = kServiceKeys,
     .meaning = "A program that Tasuki runs and watches."},
    {.path = "service.ready",
     .shape = Shape::inlined,
     .keys = kReadyKeys,
     .meaning = "How it is known that the service serves: exactly one of these. When absent, as "
                "soon as it is started."},
    {.path = "group",
     .shape = Shape::repeated,
     .keys = kGroupKeys,
     .meaning = "What moves from node to node as one."},
    {.path = "group.partition",
     .shape = Shape::repeated,
     .resource = true,
     .keys = kPartitionKeys,
     .meaning = "A file system on a disk that several nodes reach."},
    {.path = "group.floating_ip",
     .shape = Shape::repeated,
     .resource = true,
     .keys = kFloatingIpKeys,
     .meaning = "An address that clients use wherever the group is. It must lie in a network of "
                "every node of the policy. Networks are not written in the file, so they are "
                "taken from the nodes' addresses, as /24 for IPv4 and /64 for IPv6, or as long "
                "as `prefix` says; with `interface` this is not checked."},
    {.path = "group.service",
     .shape = Shape::repeated,
     .resource = true,
     .keys = kGroupServiceKeys,
     .meaning = "A service of the group, with settings of its own."},
    {.path = "group.scripts",
     .shape = Shape::single,
     .resource = true,
     .keys = kScriptsKeys,
     .meaning = "A pair of programs that see what happens in ARMS_EVENT, ARMS_DISK and "
                "ARMS_SERVER."},
    {.path = "group.backup",
     .shape = Shape::repeated,
     .keys = kBackupKeys,
     .meaning = "A backup that the group makes by itself; docs/operating/backup.md."},
    {.path = "group.template",
     .shape = Shape::repeated,
     .keys = kTemplateKeys,
     .meaning = "A file that is made from another one, with its references replaced, on the node "
                "where the group starts: before each start of one of its services or scripts."},
    {.path = "drives",
     .shape = Shape::single,
     .keys = kDriveKeys,
     .meaning = "What drive letters mean in batch files. May be left out."},
});

}  // namespace

string_view TableKeys::name() const {
  const size_t point = path.rfind('.');
  return point == string_view::npos ? path : path.substr(point + 1);
}

std::span<const TableKeys> known_tables() {
  return kTables;
}
std::span<const Key> resource_keys() {
  return kResourceKeys;
}

const Key* find_key(const TableKeys& table, string_view key_name) {
  const auto is_meant = [&](const Key& key) {
    return key.every_letter ? is_drive_letter(key_name) : key.name == key_name;
  };
  for (const auto keys : {table.keys, table.resource ? resource_keys() : std::span<const Key>()}) {
    const auto found = std::ranges::find_if(keys, is_meant);
    if (found != keys.end()) return &*found;
  }
  return nullptr;
}

const TableKeys* find_table(string_view path) {
  const auto found = std::ranges::find(kTables, path, &TableKeys::path);
  return found == kTables.end() ? nullptr : found;
}

std::vector<const TableKeys*> tables_below(string_view path) {
  std::vector<const TableKeys*> found;
  for (const auto& table : kTables) {
    const size_t point = table.path.rfind('.');
    if ((point == string_view::npos ? string_view() : table.path.substr(0, point)) == path)
      found.push_back(&table);
  }
  return found;
}

bool is_drive_letter(string_view text) {
  return text.size() == 1 && text.front() >= 'a' && text.front() <= 'z';
}

bool is_name(string_view text) {
  constexpr size_t kLongestName = 63;  // a DNS label (RFC 1035 2.3.4), for a node's host name
  constexpr auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= kLongestName && is_letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace tasuki::config
