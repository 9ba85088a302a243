// The configuration as a value: what config/ reads from TOML, checked and with every default
// filled in. docs/configuration.md documents the keys.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/core/ids.hpp"

namespace tasuki::core {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// An external program of the fence-agents kind that switches a node's power (fence-agents' API:
// options as "key=value" lines on standard input).
struct FenceDevice {
  std::string agent;                           // program name or path, as "fence_ipmilan"
  std::map<std::string, std::string> options;  // without action, which Tasuki sets
  milliseconds limit = 20s;                    // for one call of the agent
  friend bool operator==(const FenceDevice&, const FenceDevice&) = default;
};

// Whether a lease can prove anything about the node: on a virtual machine it cannot, because a
// paused machine stops with its watchdog. `detect`: what the node finds itself.
enum class Machine { detect, physical, virtual_machine };

struct Node {
  NodeId id;
  std::string name;
  std::vector<std::string> addresses;  // one per network link, in link order; IPv4 or IPv6
  std::vector<FenceDevice> fence;      // levels, tried in order
  Machine machine = Machine::detect;
  friend bool operator==(const Node&, const Node&) = default;
};

// What holds one vote more. A qnetd judges for itself who has it. The others only keep what they
// are given, and the nodes judge (cluster/witness): a disk that all of them see, a folder on a
// network share, the small web server of `tasuki witness serve`.
enum class WitnessType { qnetd, disk, folder, http };

struct Witness {
  std::string address;  // of a qnetd or web server
  uint16_t port = 5403;
  bool tls = true;  // for a qnetd
  WitnessType type = WitnessType::qnetd;
  std::string place = {};  // the disk's device, or the folder

  // As sentences name it: its address or place.
  [[nodiscard]] const std::string& name() const { return address.empty() ? place : address; }
  friend bool operator==(const Witness&, const Witness&) = default;
};

// The settings the user may give; everything else about time is derived from them by
// derive_timing() in timing.hpp.
struct TimingSettings {
  milliseconds detect = 600ms;  // from a node's death to its peers knowing it
  milliseconds release = 5s;    // in which a node that lost the right to decide has let go
  friend bool operator==(const TimingSettings&, const TimingSettings&) = default;
};

// How it is known that a started service serves.
struct ReadyWhenStarted {
  friend bool operator==(const ReadyWhenStarted&, const ReadyWhenStarted&) = default;
};
struct ReadyWhenConnects {  // a TCP connection is accepted
  std::string address;      // empty: the group's first floating IP, or loopback without one
  uint16_t port = 0;
  friend bool operator==(const ReadyWhenConnects&, const ReadyWhenConnects&) = default;
};
struct ReadyWhenHttpAnswers {  // a GET is answered with 2xx or 3xx (RFC 9110 15)
  std::string address;         // as above
  uint16_t port = 0;
  std::string path;  // with its query
  friend bool operator==(const ReadyWhenHttpAnswers&, const ReadyWhenHttpAnswers&) = default;
};
struct ReadyWhenCommandSucceeds {
  std::vector<std::string> command;
  friend bool operator==(const ReadyWhenCommandSucceeds&,
                         const ReadyWhenCommandSucceeds&) = default;
};
struct ReadyWhenNotified {  // READY=1 by sd_notify(3)
  friend bool operator==(const ReadyWhenNotified&, const ReadyWhenNotified&) = default;
};
using Readiness = std::variant<ReadyWhenStarted, ReadyWhenConnects, ReadyWhenHttpAnswers,
                               ReadyWhenCommandSucceeds, ReadyWhenNotified>;

enum class ServiceScope { group, node };

// A program that Tasuki runs and watches.
struct Service {
  ServiceName name;
  std::string display_name;
  std::vector<std::string> command;  // absolute program and arguments
  std::string unit = {};             // of systemd, as "nginx.service"; then there is no command
  std::string user;
  std::string working_directory;  // empty: /
  std::map<std::string, std::string> environment;
  Readiness ready;
  int stop_signal = 15;
  milliseconds start_limit = 30s;
  milliseconds stop_limit = 20s;
  ServiceScope scope = ServiceScope::group;
  // The mount point without whose partition it must not start; empty: none.
  std::string require_partition;
  friend bool operator==(const Service&, const Service&) = default;
};

// What keeps a lost node from writing to a partition that another one is to have.
enum class Guard {
  proof,             // another one has it only when it is proved that the lost node let go
  scsi_reservation,  // the disk refuses every node but the one that took it last
  none,              // only an administrator's word: somebody wrote that nothing can prove it
};

// The kinds of resources a group is made of.
struct Partition {
  std::string device;
  std::string mount_point;
  std::string filesystem;  // ext4, xfs or btrfs
  std::string options;     // as mount -o takes them
  std::string drive = {};  // the letter that batch files know it by, in lower case; empty: none
  Guard guard = Guard::proof;
  friend bool operator==(const Partition&, const Partition&) = default;
};
struct FloatingIp {
  std::string address;
  int prefix = 0;         // taken from the network the address lies in when 0
  std::string interface;  // the one that has an address in the same network when empty
  friend bool operator==(const FloatingIp&, const FloatingIp&) = default;
};
struct ServiceUse {
  ServiceName service;
  friend bool operator==(const ServiceUse&, const ServiceUse&) = default;
};
struct Scripts {
  std::string start;  // absolute paths
  std::string stop;
  std::string user = "root";
  friend bool operator==(const Scripts&, const Scripts&) = default;
};

// Whether a running service must be restarted to be the wanted one; what only says when it is up,
// how long it may take and what it is called applies from the next start on.
bool needs_restart(const Service& running, const Service& wanted);

// One step of a group's start and stop.
struct Resource {
  ResourceName name;  // unique in its group
  std::variant<Partition, FloatingIp, ServiceUse, Scripts> what;
  milliseconds start_limit = 30s;
  milliseconds stop_limit = 30s;
  int restarts = 0;                     // tried in place before the group fails over
  milliseconds restart_window = 10min;  // after which a restart no longer counts
  friend bool operator==(const Resource&, const Resource&) = default;
};

// The same of a resource, apart from the definition of a service it uses.
bool needs_restart(const Resource& running, const Resource& wanted);

enum class Failback { manual, automatic };

// A backup that a group makes by itself, on the node where it runs (guide, 1.5).
struct Backup {
  int minute = 0;                              // of the day, by the node's own clock
  std::set<int> days = {0, 1, 2, 3, 4, 5, 6};  // of the week, 0 for Sunday
  std::vector<std::string> command;
  milliseconds limit = 4h;
  friend bool operator==(const Backup&, const Backup&) = default;
};

// A file that is made on the node where a group starts, from one with references in it.
struct Template {
  std::string source;  // absolute paths
  std::string target;
  std::string owner = "root";
  std::string group = "root";
  unsigned mode = 0644;
  friend bool operator==(const Template&, const Template&) = default;
};

// The unit that moves.
struct Group {
  GroupName name;
  std::vector<NodeId> policy;  // the nodes that may run it, home first
  bool autostart = true;
  Failback failback = Failback::manual;
  milliseconds failback_after = 5min;   // of a healthy home node
  milliseconds failure_expiry = 30min;  // after which a failed node may be tried again
  std::map<std::string, std::string> environment;
  std::vector<std::string> commands;  // folders in front of PATH
  // What follows it to the next node: registry keys with everything below them, as
  // registry::KeyPath::text() writes them.
  std::vector<std::string> registry;
  std::vector<std::string> files;  // and files: absolute paths
  std::vector<Template> templates;
  std::vector<Backup> backups;
  std::vector<Resource> resources;  // in start order; stop is the reverse
  friend bool operator==(const Group&, const Group&) = default;
};

// Its partitions, and there is one at least, are on disks that refuse whoever does not have them.
// So the first step of its start proves that no lost node can write to it.
bool disks_refuse_others(const Group& group);

// Whether another node may have one of its partitions that is guarded in this way.
bool shares_partition_with(const Group& group, Guard guard);

// Whether there is something that its next holder must have as the last one left it.
bool follows_settings(const Group& group);

struct Config;
// Whether a partition of the device is guarded by a reservation of its disk.
bool reserves(const Config& config, const std::string& device);

struct Config {
  std::string cluster_name;
  TimingSettings timing;
  std::vector<Node> nodes;  // in the order of their ids
  std::optional<Witness> witness;
  std::string lease_device;  // a disk for slots only, where the witness keeps none; empty: none
  std::vector<std::string> ping_hosts;  // outside the cluster; who wins should reach one of them
  std::vector<Service> services;
  std::vector<Group> groups;
  std::map<char, std::string> drives;  // what letters mean in batch files, without the partitions'
  friend bool operator==(const Config&, const Config&) = default;

  // nullptr when there is none of that name or id.
  [[nodiscard]] const Node* find_node(NodeId id) const;
  [[nodiscard]] const Node* find_node(const std::string& name) const;
  [[nodiscard]] const Group* find_group(const GroupName& name) const;
  [[nodiscard]] const Service* find_service(const ServiceName& name) const;
  // By its name or its display name, whatever the case: as scripts call it.
  [[nodiscard]] const Service* find_service_called(std::string_view called) const;
  // What every drive letter means, the partitions' among them.
  [[nodiscard]] std::map<char, std::string> all_drives() const;
  // The node's name, or "node 7" for an id that the configuration does not know.
  [[nodiscard]] std::string node_name(NodeId id) const;
};

}  // namespace tasuki::core
