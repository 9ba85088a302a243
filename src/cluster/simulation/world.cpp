#include "cluster/simulation/world.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::simulation {

using core::Note;

std::map<core::NodeId, Traits> traits_of(const core::Config& config) {
  std::map<core::NodeId, Traits> traits;
  for (const core::Node& node : config.nodes)
    traits[node.id].pausable = node.machine == core::Machine::virtual_machine;
  return traits;
}

World::World(Setup setup)
    : initial_(std::move(setup.initial)),
      corosync_(around_, network_,
                [this](core::NodeId node) -> Hardware& { return server(node).hardware; }),
      witness_(around_, network_) {
  around_.chance = setup.chance;
  around_.pace = std::move(setup.pace);
  around_.hooks = std::move(setup.hooks);
  around_.log = std::move(setup.log);
  if (around_.hooks.config) initial_.config = around_.hooks.config(initial_.config);
  around_.configs[initial_.text] = initial_.config;
  for (const core::Node& node : initial_.config.nodes) {
    const core::NodeId id = node.id;
    auto made = std::make_unique<Server>(around_, id, setup.traits[id], [this, id] {
      if (!server(id).hardware.on()) return;
      tell("node " + config().node_name(id), "its power is switched off");
      cut_power(id);
    });
    made->hardware.on_watchdog = [this, id] { reset(id, "its watchdog ran out"); };
    made->hardware.on_held = [this, id](const core::GroupName& group) {
      if (observer.held) observer.held(id, group);
    };
    made->hardware.on_let_go = [this, id](const core::GroupName& group) {
      if (observer.let_go) observer.let_go(id, group);
    };
    servers_[id] = std::move(made);
  }
}

World::~World() {
  observer = {};
  for (auto& [node, server] : servers_) {
    server->tasukid.reset();
    server->keeper.reset();
  }
}

void World::begin() {
  for (const auto& [node, server] : servers_) switch_on(node, Time{});
}

void World::add_config(const std::string& text, core::Config config) {
  around_.configs[text] =
      around_.hooks.config ? around_.hooks.config(std::move(config)) : std::move(config);
}

void World::tell(const std::string& subject, std::string text) {
  if (around_.log)
    around_.log({now(), std::nullopt, {Note::Level::info, subject, std::move(text)}});
}

// --- Servers and their programs -----------------------------------------------------------------

void World::switch_on(core::NodeId node, Time boot) {
  Server& on = server(node);
  on.hardware.power_on();
  on.left = false;
  on.power = Life();
  on.hardware.after(boot, on.power, [this, node] {
    start_engine(node);
    start_keeper(node);
    start_tasukid(node);
  });
  corosync_.look();
}

void World::cut_power(core::NodeId node) {
  Server& off = server(node);
  off.power.end();
  end_tasukid(node);
  corosync_.stop(node);
  off.keeper.reset();
  off.state_file.lose_writes();
  off.settings_file.lose_writes();
  off.hardware.power_off();
  corosync_.look();
}

void World::reset(core::NodeId node, const std::string& why) {
  tell("node " + config().node_name(node), "resets itself: " + why);
  if (observer.reset) observer.reset(node, why);
  cut_power(node);
  switch_on(node, around_.chance.take(around_.pace.boot));
}

void World::start_engine(core::NodeId node) {
  corosync_.start(
      node,
      engine_config(
          load_state(around_, server(node).state_file, node, initial_).durable.applied.config));
  if (server(node).tasukid) server(node).tasukid->engine_is_back();
}

void World::start_keeper(core::NodeId node) {
  Server& on = server(node);
  // Processes of an earlier keeper end first.
  for (const auto& [text, config] : around_.configs)
    for (const core::Group& group : config.groups)
      for (const core::Resource& resource : group.resources)
        if (!std::holds_alternative<core::Partition>(resource.what) &&
            !std::holds_alternative<core::FloatingIp>(resource.what))
          on.hardware.let_go(group.name, resource.name);
  on.keeper = std::make_unique<KeeperHost>(
      around_, on.hardware,
      KeeperHost::World{[this, node](const process::Spawn& spawn) { return program(node, spawn); },
                        [this, node](const core::GroupName& group,
                                     const core::ResourceName& resource) -> std::optional<Time> {
                          if (server(node).hardware.trouble(group, resource).stop_hangs)
                            return std::nullopt;
                          return around_.chance.take(
                              stop_range(around_.pace, group, find_resource(group, resource)));
                        },
                        [this, node] {
                          Server& here = server(node);
                          const bool one = here.tasukid != nullptr;
                          here.hardware.after(one ? around_.chance.take(around_.pace.kill) : Time{},
                                              here.power, [this, node, one] {
                                                if (one) end_tasukid(node);
                                                if (server(node).keeper)
                                                  server(node).keeper->tasukid_ended();
                                                if (one) tasukid_exits(node);
                                              });
                        },
                        [this, node](const std::string& why) { reset(node, why); }});
}

void World::start_tasukid(core::NodeId node) {
  Server& on = server(node);
  if (on.tasukid || !on.keeper || on.left) return;
  on.tasukid = std::make_unique<Tasukid>(Tasukid::Context{
      around_, on.hardware, on.state_file, on.settings_file, *on.keeper, corosync_, witness_,
      initial_, [this](core::NodeId target) -> PowerSwitch& { return server(target).power_switch; },
      [this, node] {
        end_tasukid(node);
        tasukid_exits(node);
      },
      [this, node] {
        if (observer.told) observer.told(node);
      },
      [this](const std::string& timer) {
        if (observer.timer) observer.timer(timer);
      }});
  on.tasukid->start();
}

void World::end_tasukid(core::NodeId node) {
  server(node).tasukid.reset();
}

// The service manager starts it again.
void World::tasukid_exits(core::NodeId node) {
  Server& on = server(node);
  on.hardware.after(around_.chance.take(around_.pace.restart), on.power,
                    [this, node] { start_tasukid(node); });
}

// tasukid ends with its keeper.
void World::kill_keeper(core::NodeId node) {
  Server& on = server(node);
  end_tasukid(node);
  on.keeper.reset();
  on.hardware.after(around_.chance.take(around_.pace.restart), on.power, [this, node] {
    if (server(node).keeper) return;
    start_keeper(node);
    start_tasukid(node);
  });
}

void World::kill_corosync(core::NodeId node) {
  Server& on = server(node);
  corosync_.stop(node);
  on.hardware.after(around_.chance.take(around_.pace.restart), on.power, [this, node] {
    if (!corosync_.runs(node)) start_engine(node);
  });
}

Program World::program(core::NodeId node, const process::Spawn& spawn) {
  const core::GroupName group{spawn.name.group};
  const core::ResourceName name{spawn.name.key};
  const core::Resource resource = find_resource(group, name);
  const Trouble& trouble = server(node).hardware.trouble(group, name);
  Program program;
  program.stops_within = around_.chance.take(stop_range(around_.pace, group, resource));
  const bool script = std::holds_alternative<core::Scripts>(resource.what);
  program.ignores_signals = trouble.stop_hangs || (script && trouble.start_hangs);
  program.exits = (script && !trouble.start_hangs) || (!script && trouble.start_fails);
  program.exit_code = trouble.start_fails ? 1 : 0;
  program.runs_for =
      around_.chance.take(script ? start_range(around_.pace, group, resource) : around_.pace.spawn);
  return program;
}

core::Resource World::find_resource(const core::GroupName& group,
                                    const core::ResourceName& name) const {
  for (const auto& [text, config] : around_.configs) {
    const core::Group* configured = config.find_group(group);
    if (configured == nullptr) continue;
    const auto found = std::ranges::find(configured->resources, name, &core::Resource::name);
    if (found != configured->resources.end()) return *found;
  }
  return {name, core::Scripts{}};
}

// --- What can be seen ---------------------------------------------------------------------------

Nodes World::nodes() const {
  Nodes all;
  for (const auto& [node, server] : servers_) all.insert(node);
  return all;
}

const Tasukid* World::tasukid(core::NodeId node) const {
  return server(node).tasukid.get();
}

const core::Replica* World::replica(core::NodeId node) const {
  const Tasukid* running = tasukid(node);
  return running == nullptr ? nullptr : running->replica();
}

const Hardware& World::hardware(core::NodeId node) const {
  return server(node).hardware;
}

bool World::can_be_switched_off(core::NodeId node) const {
  const core::Node* configured = config().find_node(node);
  return configured != nullptr && server(node).power_switch.works(*configured);
}

bool World::is_refused(core::NodeId node, const core::GroupName& group) const {
  if (around_.hooks.take_all_writes && around_.hooks.take_all_writes()) return false;
  const auto taken = around_.reservations.find(group);
  return taken != around_.reservations.end() && taken->second.node != node;
}

Nodes World::holders(const core::GroupName& group) const {
  Nodes holding;
  for (const auto& [node, server] : servers_)
    if (server->hardware.holds(group) && !is_refused(node, group)) holding.insert(node);
  return holding;
}

std::optional<core::NodeId> World::spokesman() const {
  std::optional<core::NodeId> first;
  for (const auto& [node, server] : servers_) {
    const core::Replica* known = replica(node);
    if (known == nullptr || !server->hardware.runs()) continue;
    if (known->may_decide()) return node;
    if (!first) first = node;
  }
  return first;
}

}  // namespace tasuki::simulation
