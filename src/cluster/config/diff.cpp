#include "cluster/config/diff.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/config/facets.hpp"
#include "kit/text.hpp"

namespace tasuki::config {
namespace {

using core::Config;
using core::Group;
using core::Resource;
using core::Service;

constexpr std::string_view kNoRestart = "nothing restarts";

std::string in_brackets(std::string_view effect) {
  return fmt::format(" ({})", effect);
}

// One changed value of a thing.
std::string change_text(const Facet& before, const Facet& after) {
  if (after.display == Display::hidden) return after.key + " changes";
  if (before.value.empty()) return fmt::format("{} becomes {}", after.key, after.value);
  if (after.value.empty()) return fmt::format("{} {} is taken out", after.key, before.value);
  return fmt::format("{} {} becomes {}", after.key, before.value, after.value);
}

// Things of one kind have the same facets in the same order.
void compare_facets(const std::string& path, const std::string& subject,
                    const std::vector<Facet>& before, const std::vector<Facet>& after,
                    std::string_view effect, std::vector<Change>& changes) {
  for (size_t i = 0; i < after.size(); ++i)
    if (before[i].value != after[i].value)
      changes.push_back({fmt::format("{}.{}", path, after[i].key),
                         fmt::format("{}: {}{}", subject, change_text(before[i], after[i]),
                                     in_brackets(effect))});
}

// Calls `gone`, `same` or `added` for the things of two lists, matched by `key`.
template <class Thing, class Key, class Gone, class Same, class Added>
void match(const std::vector<Thing>& before, const std::vector<Thing>& after, Key key, Gone gone,
           Same same, Added added) {
  for (const Thing& old : before)
    if (std::ranges::find(after, std::invoke(key, old), key) == after.end()) gone(old);
  for (const Thing& thing : after) {
    const auto old = std::ranges::find(before, std::invoke(key, thing), key);
    if (old == before.end())
      added(thing);
    else
      same(*old, thing);
  }
}

void compare_cluster(const Config& before, const Config& after, std::vector<Change>& changes) {
  compare_facets("cluster", "cluster", {{"name", before.cluster_name}},
                 {{"name", after.cluster_name}}, kNoRestart, changes);
  compare_facets("timing", "timing", facets_of(before.timing), facets_of(after.timing), kNoRestart,
                 changes);
  compare_facets("drives", "drives", facets_of(before.drives), facets_of(after.drives), kNoRestart,
                 changes);
  compare_facets("lease", "lease", {{"device", before.lease_device}},
                 {{"device", after.lease_device}}, kNoRestart, changes);
  compare_facets("ping", "ping", {{"hosts", join(before.ping_hosts, ", ")}},
                 {{"hosts", join(after.ping_hosts, ", ")}}, kNoRestart, changes);
  if (before.witness && after.witness)
    compare_facets("witness", "witness", facets_of(*before.witness), facets_of(*after.witness),
                   kNoRestart, changes);
  else if (after.witness)
    changes.push_back({"witness", fmt::format("the witness {} joins", after.witness->name())});
  else if (before.witness)
    changes.push_back({"witness", fmt::format("the witness {} leaves", before.witness->name())});
}

void compare_nodes(const Config& before, const Config& after, std::vector<Change>& changes) {
  const auto path = [](const core::Node& node) { return "node." + node.name; };
  match(
      before.nodes, after.nodes, &core::Node::id,
      [&](const core::Node& old) {
        changes.push_back({path(old), fmt::format("node {} leaves", old.name)});
      },
      [&](const core::Node& old, const core::Node& node) {
        compare_facets(path(old), "node " + old.name, facets_of(old), facets_of(node), kNoRestart,
                       changes);
      },
      [&](const core::Node& node) {
        changes.push_back({path(node), fmt::format("node {} joins", node.name)});
      });
}

bool uses(const Group& group, const core::ServiceName& service) {
  return std::ranges::any_of(group.resources, [&](const Resource& resource) {
    const auto* use = std::get_if<core::ServiceUse>(&resource.what);
    return use != nullptr && use->service == service;
  });
}

// Where a service runs, as "in group1, group2" or "on every node".
std::string where(const Service& service, const Config& config) {
  if (service.scope == core::ServiceScope::node) return "on every node";
  std::vector<std::string> groups;
  for (const Group& group : config.groups)
    if (uses(group, service.name)) groups.push_back(group.name.value);
  return groups.empty() ? "" : "in " + join(groups, ", ");
}

std::string restart_effect(const Service& service, const Config& config) {
  const std::string place = where(service, config);
  return place.empty() ? std::string(kNoRestart) : "restarts " + place;
}

// A service of a group starts and stops with the group's resource, which is reported there.
std::string node_scope_effect(const Service& service, std::string_view verb) {
  if (service.scope != core::ServiceScope::node) return {};
  return in_brackets(fmt::format("{} on every node", verb));
}

void compare_services(const Config& before, const Config& after, std::vector<Change>& changes) {
  const auto path = [](const Service& service) { return "service." + service.name.value; };
  match(
      before.services, after.services, &Service::name,
      [&](const Service& old) {
        changes.push_back({path(old), fmt::format("service {} is removed{}", old.name,
                                                  node_scope_effect(old, "stops"))});
      },
      [&](const Service& old, const Service& service) {
        const std::string effect = core::needs_restart(old, service)
                                       ? restart_effect(service, after)
                                       : std::string(kNoRestart);
        compare_facets(path(service), fmt::format("service {}", service.name), facets_of(old),
                       facets_of(service), effect, changes);
      },
      [&](const Service& service) {
        changes.push_back({path(service), fmt::format("service {} is new{}", service.name,
                                                      node_scope_effect(service, "starts"))});
      });
}

// What lies on a partition leaves it before it is unmounted and comes back afterwards.
std::string_view restart_effect(const Resource& before, const Resource& after) {
  if (!core::needs_restart(before, after)) return kNoRestart;
  const bool partition = std::holds_alternative<core::Partition>(before.what);
  return partition ? "it and what starts after it restart" : "only this resource restarts";
}

void compare_resources(const Group& before, const Group& after, std::vector<Change>& changes) {
  const std::string group_path = "group." + after.name.value;
  const auto add = [&](const Resource& resource, const std::string& what) {
    changes.push_back({fmt::format("{}.{}", group_path, resource.name),
                       fmt::format("group {}: {} {}", after.name, resource.name, what)});
  };
  match(
      before.resources, after.resources, &Resource::name,
      [&](const Resource& old) {
        const bool partition = std::holds_alternative<core::Partition>(old.what);
        add(old, partition ? "is removed (it stops, and what starts after it restarts)"
                           : "is removed (only this resource stops)");
      },
      [&](const Resource& old, const Resource& resource) {
        if (old.what.index() != resource.what.index())
          return add(resource, fmt::format("becomes another kind of resource ({})",
                                           restart_effect(old, resource)));
        compare_facets(fmt::format("{}.{}", group_path, resource.name),
                       fmt::format("group {}: {}", after.name, resource.name), facets_of(old),
                       facets_of(resource), restart_effect(old, resource), changes);
      },
      [&](const Resource& resource) { add(resource, "is new (only this resource starts)"); });
}

// The names of those resources that both have, in start order.
std::vector<std::string> common_order(const Group& group, const Group& other) {
  std::vector<std::string> names;
  for (const Resource& resource : group.resources)
    if (std::ranges::find(other.resources, resource.name, &Resource::name) != other.resources.end())
      names.push_back(resource.name.value);
  return names;
}

// A group does not stay on a node that may no longer run it.
std::string policy_effect(const Group& before, const Group& after, const Config& before_config) {
  std::vector<std::string> gone;
  for (const core::NodeId id : before.policy)
    if (std::ranges::find(after.policy, id) == after.policy.end())
      gone.push_back(before_config.node_name(id));
  if (gone.empty()) return std::string(kNoRestart);
  return fmt::format("if it runs on {} it moves", join(gone, " or "));
}

void compare_group(const Group& before, const Config& before_config, const Group& after,
                   const Config& after_config, std::vector<Change>& changes) {
  const std::string path = "group." + after.name.value;
  const std::string subject = fmt::format("group {}", after.name);
  compare_facets(path, subject, {policy_of(before, before_config)},
                 {policy_of(after, after_config)}, policy_effect(before, after, before_config),
                 changes);
  compare_facets(path, subject, facets_of(before), facets_of(after), kNoRestart, changes);
  if (before.environment != after.environment)
    changes.push_back({path + ".environment",
                       subject + ": environment changes (its services and scripts restart)"});
  compare_resources(before, after, changes);
  const auto order = common_order(after, before);
  if (order != common_order(before, after))
    changes.push_back(
        {path + ".order", fmt::format("{}: resources start in the order {} (nothing restarts)",
                                      subject, join(order, ", "))});
}

void compare_groups(const Config& before, const Config& after, std::vector<Change>& changes) {
  const auto path = [](const Group& group) { return "group." + group.name.value; };
  match(
      before.groups, after.groups, &Group::name,
      [&](const Group& old) {
        changes.push_back({path(old), fmt::format("group {} is removed (it stops)", old.name)});
      },
      [&](const Group& old, const Group& group) {
        compare_group(old, before, group, after, changes);
      },
      [&](const Group& group) {
        changes.push_back(
            {path(group),
             fmt::format("group {} is new ({})", group.name,
                         group.autostart ? "it starts" : "it waits until someone starts it")});
      });
}

bool same_services(const Group& group, const Config& before, const Config& after) {
  return std::ranges::all_of(group.resources, [&](const Resource& resource) {
    const auto* use = std::get_if<core::ServiceUse>(&resource.what);
    return use == nullptr ||
           *before.find_service(use->service) == *after.find_service(use->service);
  });
}

std::set<core::GroupName> touched_groups(const Config& before, const Config& after) {
  std::set<core::GroupName> touched;
  match(
      before.groups, after.groups, &Group::name,
      [&](const Group& old) { touched.insert(old.name); },
      [&](const Group& old, const Group& group) {
        if (old != group || !same_services(group, before, after)) touched.insert(group.name);
      },
      [&](const Group& group) { touched.insert(group.name); });
  return touched;
}

}  // namespace

Json to_json(const Change& change) {
  return {{"path", change.path}, {"what", change.what}};
}

ConfigDiff diff_configs(const Config& before, const Config& after) {
  ConfigDiff diff;
  compare_cluster(before, after, diff.changes);
  compare_nodes(before, after, diff.changes);
  compare_services(before, after, diff.changes);
  compare_groups(before, after, diff.changes);
  diff.touched_groups = touched_groups(before, after);
  return diff;
}

}  // namespace tasuki::config
