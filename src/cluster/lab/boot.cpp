#include "cluster/lab/boot.hpp"

#include <cstdlib>
#include <filesystem>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/lab/files.hpp"
#include "cluster/lab/init.hpp"
#include "cluster/lab/namespaces.hpp"
#include "cluster/lab/network.hpp"
#include "cluster/lab/note.hpp"
#include "kit/file.hpp"
#include "kit/json.hpp"

namespace tasuki::lab {
namespace {

// Folders of the host's that outlive its power: on the machine below the host's folder, in the
// host.
struct DurableFolder {
  const char* on_machine;
  const char* in_host;
};
constexpr DurableFolder kDurableFolders[] = {{"log", "/var/log"},
                                             {"etc", "/etc/tasuki"},
                                             {"state", "/var/lib/tasuki"},
                                             {"corosync", "/var/lib/corosync"}};

NodeFiles files_of(const Host& host, const Places& places) {
  NodeFiles files{
      .changes = places.changes() + "/" + host.name, .binds = {}, .shown = places.given};
  for (const auto& [on_machine, in_host] : kDurableFolders)
    files.binds.emplace_back(places.host(host.name) + "/" + on_machine, in_host);
  files.binds.emplace_back(places.programs, places.programs);
  if (!host.share.empty()) files.binds.emplace_back(places.share(), host.share);
  if (host.kind == HostKind::node) {
    files.binds.emplace_back(places.power_socket(), kPowerSocketInNode);
    files.binds.emplace_back(places.watchdog_socket(host.name), kWatchdogSocketInNode);
  }
  return files;
}

// /run is empty at boot; these folders the packages' units make (RuntimeDirectory=).
Result<void> make_runtime_folders() {
  for (const char* folder :
       {"/run/lock", "/run/tasuki", "/run/corosync-qdevice", "/run/corosync-qnetd"})
    if (auto made = make_folders(folder); !made) return made;
  return {};
}

std::string program_path(const std::string& agent) {
  return agent.starts_with('/') ? agent : "/usr/sbin/" + agent;
}

// The lab's switch, under the names of the agents that the configuration has.
Result<void> install_fence_agents(const Host& host, const Places& places) {
  Json outlets = Json::array();
  for (const Outlet& outlet : host.outlets) {
    const std::filesystem::path path = program_path(outlet.agent);
    outlets.push_back({{"agent", path}, {"options", outlet.options}, {"node", outlet.node}});
    if (auto made = make_folders(path.parent_path().string()); !made) return made;
    std::error_code problem;
    std::filesystem::remove(path, problem);
    std::filesystem::create_symlink(places.programs + "/" + kLabAgent, path, problem);
    if (problem) return failure(fmt::format("make {}: {}", path.string(), problem.message()));
  }
  return replace_file_durably(kOutletsInNode, outlets.dump());
}

Result<void> prepare(const Host& host, const Places& places, const std::vector<LoopDevice>& disks) {
  if (::unshare(CLONE_NEWCGROUP) != 0) return errno_failure("make a cgroup namespace");
  if (::sethostname(host.name.data(), host.name.size()) != 0) return errno_failure("set the name");
  if (auto done = configure_interfaces(host); !done) return done;
  if (host.kind == HostKind::client) {
    if (auto done = refresh_proc_and_sys(); !done) return done;
  } else {
    if (auto done = build_node_files(files_of(host, places), disks); !done) return done;
    if (auto done = make_runtime_folders(); !done) return done;
    if (host.kind == HostKind::node)
      if (auto done = install_fence_agents(host, places); !done) return done;
  }
  return drop_machine_capabilities();
}

}  // namespace

const uint64_t kHostNamespaceFlags =
    CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

Result<void> make_host_folders(const Host& host, const Places& places) {
  if (host.kind == HostKind::client) return {};
  for (const auto& [on_machine, in_host] : kDurableFolders)
    if (auto made = make_folders(places.host(host.name) + "/" + on_machine); !made) return made;
  return {};
}

int boot_host(const Host& host, const Places& places, const std::vector<LoopDevice>& disks,
              Fd channel) {
  keep_only({&channel});
  ::prctl(PR_SET_NAME, "tasuki-lab-init");
  char byte = 0;
  if (::read(channel.get(), &byte, 1) != 1) {
    note("{} does not start: the lab went before it was plugged in", host.name);
    return 1;
  }
  if (auto prepared = prepare(host, places, disks); !prepared) {
    note("{} does not start: {}", host.name, prepared.error().what);
    return 1;
  }
  const char* path = std::getenv("PATH");
  ::setenv(
      "PATH",
      fmt::format("{}:{}", places.programs, path != nullptr ? path : "/usr/sbin:/usr/bin").c_str(),
      1);
  if (::write(channel.get(), &byte, 1) != 1) {
    note("{} does not start: the lab went before its programs began", host.name);
    return 1;
  }
  channel.reset();
  return run_host_programs(host.programs, "/var/log");
}

}  // namespace tasuki::lab
