#include "cluster/config/facets.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::config {
namespace {

std::string yes_or_no(bool value) {
  return value ? "true" : "false";
}

// Only compared, never shown; the debug form keeps words apart whatever is in them.
std::string unambiguous(const std::vector<std::string>& words) {
  return fmt::format("{}", words);
}
std::string unambiguous(const std::map<std::string, std::string>& map) {
  return fmt::format("{}", map);
}

std::string machine_text(core::Machine machine) {
  switch (machine) {
    case core::Machine::detect:
      return "detected";
    case core::Machine::physical:
      return "physical";
    case core::Machine::virtual_machine:
      return "virtual";
  }
  return {};
}

std::string ready_text(const core::Readiness& ready) {
  struct {
    std::string operator()(const core::ReadyWhenStarted&) { return "as soon as started"; }
    std::string operator()(const core::ReadyWhenConnects& tcp) {
      return fmt::format("tcp {}{}{}", tcp.address, tcp.address.empty() ? "" : " port ", tcp.port);
    }
    std::string operator()(const core::ReadyWhenHttpAnswers& http) {
      return fmt::format("http {}:{}{}", http.address, http.port, http.path);
    }
    std::string operator()(const core::ReadyWhenCommandSucceeds& check) {
      return "command " + join(check.command, " ");
    }
    std::string operator()(const core::ReadyWhenNotified&) { return "notify"; }
  } text;
  return std::visit(text, ready);
}

std::string backups_text(const std::vector<core::Backup>& backups) {
  std::string text;
  for (const core::Backup& backup : backups)
    text += fmt::format("{} {} {} {}\n", backup.minute, fmt::join(backup.days, ","),
                        unambiguous(backup.command), backup.limit.count());
  return text;
}

std::string templates_text(const std::vector<core::Template>& templates) {
  std::vector<std::string> texts;
  for (const core::Template& made : templates)
    texts.push_back(fmt::format("{} from {} ({}:{} {:04o})", made.target, made.source, made.owner,
                                made.group, made.mode));
  return join(texts, ", ");
}

using Facets = std::vector<Facet>;

const char* guard_text(core::Guard guard) {
  switch (guard) {
    case core::Guard::proof:
      return "";
    case core::Guard::scsi_reservation:
      return "scsi-reservation";
    case core::Guard::none:
      return "none";
  }
  return "";
}

Facets facets_of_kind(const core::Partition& partition) {
  return {{"device", partition.device},         {"mount_point", partition.mount_point},
          {"filesystem", partition.filesystem}, {"options", partition.options},
          {"drive", partition.drive},           {"guard", guard_text(partition.guard)}};
}
Facets facets_of_kind(const core::FloatingIp& floating) {
  return {{"address", floating.address},
          {"prefix", floating.prefix == 0 ? "" : fmt::format("{}", floating.prefix)},
          {"interface", floating.interface}};
}
Facets facets_of_kind(const core::ServiceUse& use) {
  return {{"service", use.service.value}};
}
Facets facets_of_kind(const core::Scripts& scripts) {
  return {{"start", scripts.start}, {"stop", scripts.stop}, {"user", scripts.user}};
}

}  // namespace

Facets facets_of(const core::TimingSettings& timing) {
  return {{"detect", format_duration(timing.detect)}, {"release", format_duration(timing.release)}};
}

Facets facets_of(const core::Witness& witness) {
  constexpr std::array kTypes{"qnetd", "disk", "folder", "http"};
  return {{"type", kTypes.at(static_cast<size_t>(witness.type))},
          {"address", witness.address},
          {"place", witness.place},
          {"port", fmt::format("{}", witness.port)},
          {"tls", yes_or_no(witness.tls)}};
}

Facets facets_of(const core::Node& node) {
  std::string fences;
  for (const auto& fence : node.fence)
    fences +=
        fmt::format("{:?} {} {}\n", fence.agent, unambiguous(fence.options), fence.limit.count());
  return {{"name", node.name},
          {"addresses", join(node.addresses, ", ")},
          {"fence", fences, Display::hidden},
          {"machine", machine_text(node.machine)}};
}

Facets facets_of(const core::Service& service) {
  return {{"display_name", service.display_name},
          {"command", unambiguous(service.command), Display::hidden},
          {"unit", service.unit},
          {"user", service.user},
          {"working_directory", service.working_directory},
          {"environment", unambiguous(service.environment), Display::hidden},
          {"ready", ready_text(service.ready)},
          {"stop_signal", fmt::format("{}", service.stop_signal)},
          {"start_limit", format_duration(service.start_limit)},
          {"stop_limit", format_duration(service.stop_limit)},
          {"scope", service.scope == core::ServiceScope::node ? "node" : "group"},
          {"require_partition", service.require_partition}};
}

Facets facets_of(const std::map<char, std::string>& drives) {
  Facets facets;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    const auto known = drives.find(letter);
    facets.push_back({std::string(1, letter), known == drives.end() ? "" : known->second});
  }
  return facets;
}

Facets facets_of(const core::Resource& resource) {
  Facets facets = std::visit([](const auto& what) { return facets_of_kind(what); }, resource.what);
  facets.push_back({"start_limit", format_duration(resource.start_limit)});
  facets.push_back({"stop_limit", format_duration(resource.stop_limit)});
  facets.push_back({"restarts", fmt::format("{}", resource.restarts)});
  facets.push_back({"restart_window", format_duration(resource.restart_window)});
  return facets;
}

Facets facets_of(const core::Group& group) {
  return {{"autostart", yes_or_no(group.autostart)},
          {"failback", group.failback == core::Failback::automatic ? "automatic" : "manual"},
          {"failback_after", format_duration(group.failback_after)},
          {"failure_expiry", format_duration(group.failure_expiry)},
          {"commands", join(group.commands, ", ")},
          {"registry", join(group.registry, ", ")},
          {"files", join(group.files, ", ")},
          {"template", templates_text(group.templates)},
          {"backup", backups_text(group.backups), Display::hidden}};
}

Facet policy_of(const core::Group& group, const core::Config& config) {
  std::vector<std::string> names;
  for (const core::NodeId id : group.policy) names.push_back(config.node_name(id));
  return {"policy", join(names, ", ")};
}

}  // namespace tasuki::config
