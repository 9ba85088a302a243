// What a lab consists of, worked out from a configuration before anything is made: its hosts with
// their interfaces and programs, and the disks they share.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

// `node`: a server of the cluster. `client`: a host beside it on the first link, with the files of
// the machine. `witness`: runs corosync-qnetd, or
// "tasuki witness serve".
enum class HostKind { node, client, witness };

// Named eth0, eth1, ... inside the host, after its link.
struct Interface {
  size_t link = 0;
  std::string address;
  int prefix = 0;
  friend bool operator==(const Interface&, const Interface&) = default;
};

// Started by the host's first process and started again when it ends.
struct Program {
  std::string name;  // of its log file
  std::vector<std::string> command;
  bool ends_host = false;  // instead of starting again, as a unit with FailureAction=reboot
  friend bool operator==(const Program&, const Program&) = default;
};

// A fence device of the configuration, and the node whose power it switches. In the nodes the lab's
// switch answers under the agent's name, so that the real servers' configuration can be rehearsed.
struct Outlet {
  std::string agent;
  std::map<std::string, std::string> options;
  std::string node;
  friend bool operator==(const Outlet&, const Outlet&) = default;
};

struct Host {
  HostKind kind = HostKind::node;
  std::string name;
  std::vector<Interface> interfaces;
  std::vector<Program> programs;
  std::vector<Outlet> outlets;  // within a node's reach
  std::string share =
      {};  // where it has the folder that all nodes share, as by NFS; empty: nowhere
};

// A partition that all nodes see, each through a loop device of its own.
struct Disk {
  std::string device;      // its path in the nodes
  std::string filesystem;  // empty: none, it begins with `content`
  std::string image;       // its file's name
  std::string content = {};
  friend bool operator==(const Disk&, const Disk&) = default;
};

struct Plan {
  std::string cluster;
  size_t links = 0;
  bool corosync = false;    // false for a single node, which needs no engine
  std::vector<Host> hosts;  // nodes, then the client, then the witness
  std::vector<Disk> disks;
};

struct PlanOptions {
  std::string program_folder;                 // where tasukid and tasuki-keeper lie
  std::optional<std::string> client_address;  // the first free one from .200 (::200) on otherwise
};

// The paths that programs in a node find (sockets of the lab's supervisor).
inline constexpr const char* kWatchdogSocketInNode = "/run/tasuki-lab/watchdog.sock";
inline constexpr const char* kPowerSocketInNode = "/run/tasuki-lab/power.sock";
inline constexpr const char* kOutletsInNode = "/run/tasuki-lab/outlets.json";
// The agent that knows the lab's switch by itself.
inline constexpr const char* kLabAgent = "fence_tasuki_lab";

// Refuses what a lab cannot imitate: a witness with certificates or in no link's network, devices
// outside /dev, a node named like the client or the witness.
Result<Plan> plan_lab(const core::Config& config, const PlanOptions& options);

}  // namespace tasuki::lab
