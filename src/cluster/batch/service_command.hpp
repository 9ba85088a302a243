// Commands that start and stop services and programs: net, ARMLOAD, ARMKILL.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/batch/listing.hpp"

namespace tasuki::batch {

enum class ServiceAction { start, stop };

struct ServiceCommand {
  ServiceAction action = ServiceAction::start;
  bool watched = false;  // by the cluster: `key` is a watch ID; otherwise a service of net
  std::string key;       // what a start and its stop have in common, as written without quotes
  std::string service;   // the service's name; empty when it is about a program or only an ID
  bool ends_by_itself = false;  // a program that ARMLOAD waits for
};

// None when it starts and stops nothing.
std::optional<ServiceCommand> service_command(std::string_view name, std::string_view arguments);

// Every such command of a script with its line; those in loops over words once for each word.
void visit_service_commands(
    const Listing& listing,
    const std::function<void(int line, const ServiceCommand& command)>& visitor);

}  // namespace tasuki::batch
