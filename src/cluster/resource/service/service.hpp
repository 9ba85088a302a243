// A program that a group runs: started through the keeper as its own user, up when it serves,
// watched until it is stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/resource/resource.hpp"

namespace tasuki::resource {

struct ServiceSettings {
  process::KeeperClient& keeper;
  core::GroupName group;
  core::Service service;
  std::string default_address;  // for "ready when it connects"; empty: loopback
  std::string notify_folder = "/run/tasuki/notify";
  // The program that stands for a unit of systemd; empty: the tasuki-unit beside this program.
  std::string unit_program = {};
  // Told how the main process ended, whenever it does. May be empty.
  std::function<void(process::ExitStatus)> on_exit = nullptr;
  // The service as it is to be started now, with its references replaced. May be empty: it has
  // none.
  std::function<Result<core::Service>(const core::Service&)> resolve = nullptr;
};

// `fault` is called as soon as the main process of a started service ends.
std::unique_ptr<Resource> make_service(ServiceSettings settings, FaultHandler fault);

}  // namespace tasuki::resource
