// Where a lab keeps what it has, all below one folder of the machine.
#pragma once

#include <string>

namespace tasuki::lab {

struct Places {
  std::string folder;    // DIR
  std::string programs;  // where tasukid and the others lie
  std::string cgroup;    // of the lab
  std::string given;     // the folder of the configuration file, where its scripts often lie

  [[nodiscard]] std::string control_socket() const { return folder + "/control.sock"; }
  [[nodiscard]] std::string power_socket() const { return folder + "/power.sock"; }
  [[nodiscard]] std::string log() const { return folder + "/lab.log"; }
  // Held (flock) by the guardian and the supervisor as long as either lives.
  [[nodiscard]] std::string lock() const { return folder + "/lock"; }
  // What must be taken away if both were killed.
  [[nodiscard]] std::string record() const { return folder + "/lab.json"; }
  // What it was last brought up with.
  [[nodiscard]] std::string given_config() const { return folder + "/cluster.toml"; }
  [[nodiscard]] std::string disks() const { return folder + "/disks"; }
  // What a network share would bring to every node.
  [[nodiscard]] std::string share() const { return folder + "/share"; }
  // A file system in memory that only the lab's processes see: what the nodes change.
  [[nodiscard]] std::string changes() const { return folder + "/changes"; }
  [[nodiscard]] std::string host(const std::string& name) const {
    return folder + "/nodes/" + name;
  }
  [[nodiscard]] std::string host_log(const std::string& name) const { return host(name) + "/log"; }
  [[nodiscard]] std::string watchdog_socket(const std::string& name) const {
    return host(name) + "/watchdog.sock";
  }
  [[nodiscard]] std::string host_cgroup(const std::string& name) const {
    return cgroup + "/" + name;
  }
};

}  // namespace tasuki::lab
