#include "cluster/config/build.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include "cluster/config/address.hpp"
#include "cluster/config/clock.hpp"
#include "cluster/config/keys.hpp"
#include "cluster/config/resources.hpp"
#include "cluster/registry/path.hpp"
#include "kit/assert.hpp"

namespace tasuki::config {
namespace {

using namespace std::chrono_literals;

// What a service's resource gets on top of the service's own stop_limit: killing and burying it.
constexpr Milliseconds kKillTime = 10s;

// The required text is there: check_keys() has seen it.
std::string text_of(const Table& table, std::string_view key) {
  return table.find_text(key)->value;
}

// Each overwrites the default that the value has by construction when the key is there.
void set(std::string& value, const Table& table, std::string_view key) {
  if (const auto found = table.find_text(key)) value = found->value;
}
void set(bool& value, const Table& table, std::string_view key) {
  if (const auto found = table.find_boolean(key)) value = found->value;
}
void set(Milliseconds& value, const Table& table, std::string_view key) {
  if (const auto found = table.find_time(key)) value = found->value;
}
template <std::integral T>
void set(T& value, const Table& table, std::string_view key) {
  if (const auto found = table.find_integer(key)) value = static_cast<T>(found->value);
}

std::string address_of(const Table& table) {
  return to_text(*parse_address(text_of(table, "address")));
}

std::vector<std::string> words(const Table& table, std::string_view key) {
  std::vector<std::string> found;
  for (const auto& [text, line] : table.texts(key)) found.push_back(text);
  return found;
}

std::vector<std::string> addresses_of(const Table& table, std::string_view key) {
  std::vector<std::string> found;
  for (const auto& [text, line] : table.texts(key)) found.push_back(to_text(*parse_address(text)));
  return found;
}

core::Node build_node(const Table& table) {
  core::Node node;
  set(node.id.value, table, "id");
  set(node.name, table, "name");
  node.addresses = addresses_of(table, "addresses");
  for (const Table* fence : table.tables("fence")) node.fence.push_back(build_fence(*fence));
  if (const auto machine = table.find_text("machine"))
    node.machine =
        machine->value == "virtual" ? core::Machine::virtual_machine : core::Machine::physical;
  return node;
}

core::WitnessType witness_type_of(const Table& table) {
  const auto type = table.find_text("type");
  if (!type || type->value == "qnetd") return core::WitnessType::qnetd;
  if (type->value == "disk") return core::WitnessType::disk;
  return type->value == "folder" ? core::WitnessType::folder : core::WitnessType::http;
}

core::Witness build_witness(const Table& table) {
  constexpr uint16_t kWebServerPort = 5404;
  core::Witness witness;
  witness.type = witness_type_of(table);
  if (table.find("address") != nullptr) witness.address = address_of(table);
  if (witness.type == core::WitnessType::http) witness.port = kWebServerPort;
  set(witness.port, table, "port");
  set(witness.tls, table, "tls");
  for (const char* key : {"device", "folder"}) set(witness.place, table, key);
  return witness;
}

core::Readiness build_ready(const Table* table) {
  if (table == nullptr) return core::ReadyWhenStarted{};
  if (const auto port = table->find_integer("tcp"))
    return core::ReadyWhenConnects{{}, static_cast<uint16_t>(port->value)};
  if (const auto text = table->find_text("tcp")) {
    const Endpoint endpoint = *parse_endpoint(text->value);
    return core::ReadyWhenConnects{to_text(endpoint.address), endpoint.port};
  }
  if (const auto text = table->find_text("http")) {
    const Url url = *parse_url(text->value);
    return core::ReadyWhenHttpAnswers{url.address ? to_text(*url.address) : "", url.port, url.path};
  }
  if (table->find("command") != nullptr)
    return core::ReadyWhenCommandSucceeds{words(*table, "command")};
  return core::ReadyWhenNotified{};
}

int signal_number(std::string_view name) {
  struct Signal {
    std::string_view name;
    int number;
  };
  constexpr std::array kSignals{Signal{"HUP", SIGHUP},   Signal{"INT", SIGINT},
                                Signal{"QUIT", SIGQUIT}, Signal{"KILL", SIGKILL},
                                Signal{"USR1", SIGUSR1}, Signal{"USR2", SIGUSR2},
                                Signal{"TERM", SIGTERM}, Signal{"WINCH", SIGWINCH}};
  const auto found = std::ranges::find(kSignals, name, &Signal::name);
  TASUKI_ASSERT(found != kSignals.end());
  return found->number;
}

core::Service build_service(const Table& table) {
  core::Service service;
  set(service.name.value, table, "name");
  service.display_name = service.name.value;
  set(service.display_name, table, "display_name");
  service.command = words(table, "command");
  set(service.user, table, "user");
  service.working_directory = "/";
  set(service.working_directory, table, "working_directory");
  service.environment = table.text_map("environment");
  service.ready = build_ready(table.find_table("ready"));
  set(service.unit, table, "unit");
  if (!service.unit.empty()) {
    // Of what stands for the unit, which says when systemd has started it.
    service.user = "root";
    if (std::holds_alternative<core::ReadyWhenStarted>(service.ready))
      service.ready = core::ReadyWhenNotified{};
  }
  if (const auto signal = table.find_text("stop_signal"))
    service.stop_signal = signal_number(signal->value);
  set(service.start_limit, table, "start_limit");
  set(service.stop_limit, table, "stop_limit");
  if (const auto scope = table.find_text("scope"); scope && scope->value == "node")
    service.scope = core::ServiceScope::node;
  set(service.require_partition, table, "require_partition");
  return service;
}

core::Partition build_partition(const Table& table) {
  core::Partition partition{.device = text_of(table, "device"),
                            .mount_point = text_of(table, "mount_point"),
                            .filesystem = text_of(table, "filesystem"),
                            .options = {},
                            .drive = {}};
  set(partition.drive, table, "drive");
  set(partition.options, table, "options");
  if (const auto guard = table.find_text("guard"))
    partition.guard = guard->value == "none" ? core::Guard::none : core::Guard::scsi_reservation;
  return partition;
}

core::FloatingIp build_floating_ip(const Table& table) {
  core::FloatingIp floating{.address = address_of(table), .interface = {}};
  set(floating.prefix, table, "prefix");
  set(floating.interface, table, "interface");
  return floating;
}

core::Scripts build_scripts(const Table& table) {
  core::Scripts scripts{.start = text_of(table, "start"), .stop = text_of(table, "stop")};
  set(scripts.user, table, "user");
  return scripts;
}

core::Resource build_resource(const ResourceEntry& entry, const core::Config& config) {
  core::Resource resource{.name = core::ResourceName(entry.name), .what = {}};
  switch (entry.kind) {
    case ResourceKind::partition:
      resource.what = build_partition(*entry.table);
      break;
    case ResourceKind::floating_ip:
      resource.what = build_floating_ip(*entry.table);
      break;
    case ResourceKind::scripts:
      resource.what = build_scripts(*entry.table);
      break;
    case ResourceKind::service: {
      const core::ServiceName name(entry.service);
      const core::Service* service = config.find_service(name);
      resource.what = core::ServiceUse{name};
      resource.start_limit = service->start_limit;
      resource.stop_limit = service->stop_limit + kKillTime;
    }
  }
  if (entry.table == nullptr) return resource;
  set(resource.start_limit, *entry.table, "start_limit");
  set(resource.stop_limit, *entry.table, "stop_limit");
  set(resource.restarts, *entry.table, "restarts");
  set(resource.restart_window, *entry.table, "restart_window");
  return resource;
}

core::Backup build_backup(const Table& table) {
  core::Backup backup;
  backup.minute = *parse_clock(text_of(table, "at"));
  backup.command = words(table, "command");
  if (table.find("days") != nullptr) backup.days.clear();
  for (const std::string& day : words(table, "days"))
    backup.days.insert(static_cast<int>(std::ranges::find(kDays, day) - kDays.begin()));
  set(backup.limit, table, "limit");
  return backup;
}

core::Template build_template(const Table& table) {
  constexpr int kOctal = 8;
  core::Template made{text_of(table, "source"), text_of(table, "target")};
  set(made.owner, table, "owner");
  set(made.group, table, "group");
  if (const auto mode = table.find_text("mode"))
    std::from_chars(mode->value.data(), mode->value.data() + mode->value.size(), made.mode, kOctal);
  return made;
}

core::Group build_group(const Table& table, const core::Config& config) {
  core::Group group;
  set(group.name.value, table, "name");
  for (const auto& [name, line] : table.texts("policy"))
    group.policy.push_back(config.find_node(name)->id);
  set(group.autostart, table, "autostart");
  if (const auto failback = table.find_text("failback"); failback && failback->value == "automatic")
    group.failback = core::Failback::automatic;
  set(group.failback_after, table, "failback_after");
  set(group.failure_expiry, table, "failure_expiry");
  group.environment = table.text_map("environment");
  group.commands = words(table, "commands");
  for (const std::string& key : words(table, "registry"))
    group.registry.push_back(registry::KeyPath::parse(key)->text());
  group.files = words(table, "files");
  for (const Table* made : table.tables("template"))
    group.templates.push_back(build_template(*made));
  for (const Table* backup : table.tables("backup")) group.backups.push_back(build_backup(*backup));
  const StartOrder order = order_resources(list_resources(table), kind_order(table));
  for (const ResourceEntry& entry : order.resources)
    group.resources.push_back(build_resource(entry, config));
  return group;
}

}  // namespace

core::FenceDevice build_fence(const Table& table) {
  core::FenceDevice fence{.agent = text_of(table, "agent"), .options = table.text_map("options")};
  set(fence.limit, table, "limit");
  return fence;
}

core::Config build_config(const Table& root) {
  core::Config config;
  config.cluster_name = text_of(*root.find_table("cluster"), "name");
  if (const Table* timing = root.find_table("timing")) {
    set(config.timing.detect, *timing, "detect");
    set(config.timing.release, *timing, "release");
  }
  if (const Table* witness = root.find_table("witness")) config.witness = build_witness(*witness);
  if (const Table* lease = root.find_table("lease")) set(config.lease_device, *lease, "device");
  if (const Table* ping = root.find_table("ping")) config.ping_hosts = addresses_of(*ping, "hosts");
  for (const Table* node : root.tables("node")) config.nodes.push_back(build_node(*node));
  std::ranges::sort(config.nodes, {}, &core::Node::id);
  for (const Table* service : root.tables("service"))
    config.services.push_back(build_service(*service));
  if (const Table* drives = root.find_table("drives"))
    for (const Field& drive : drives->fields)
      config.drives[drive.key.front()] = *drive.value.as<std::string>();
  for (const Table* group : root.tables("group"))
    config.groups.push_back(build_group(*group, config));
  return config;
}

}  // namespace tasuki::config
