// Services and groups: names that must exist, names that must differ, and the start order.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cluster/config/checks.hpp"
#include "cluster/config/resources.hpp"
#include "cluster/core/config.hpp"
#include "cluster/registry/path.hpp"
#include "kit/text.hpp"

namespace tasuki::config {
namespace {

using namespace std::string_view_literals;

std::vector<std::string> names_of(const Table& root, std::string_view key) {
  std::vector<std::string> names;
  for (const Table* table : root.tables(key))
    if (const auto name = table->find_text("name")) names.push_back(name->value);
  return names;
}

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::ranges::find(names, name) != names.end();
}

void check_ready(const Table& ready, Report& report) {
  if (ready.fields.size() != 1)
    report.mistake(ready.line, fmt::format("ready has {} conditions", ready.fields.size()),
                   "write exactly one of tcp, http, command and notify");
  if (const auto notify = ready.find_boolean("notify"); notify && !notify->value)
    report.mistake(notify->line, "notify = false says nothing", "write true, or leave ready out");
}

void check_policy(const Table& group, const std::vector<std::string>& nodes, Report& report) {
  for (const auto& [name, line] : group.texts("policy"))
    if (!is_among(name, nodes))
      report.mistake(line, fmt::format("policy names the node \"{}\", which does not exist", name),
                     suggest(name, nodes));
}

const Table* find_service(const Table& root, const std::string& name) {
  for (const Table* service : root.tables("service"))
    if (const auto found = service->find_text("name"); found && found->value == name)
      return service;
  return nullptr;
}

// A stop_limit that ends before the service's own would give up while it may still stop in order.
void check_stop_limit(const Table& use, const Table& service, Report& report) {
  const auto limit = use.find_time("stop_limit");
  if (!limit) return;
  const auto given = service.find_time("stop_limit");
  const Milliseconds own = given ? given->value : core::Service().stop_limit;
  if (limit->value <= own)
    report.mistake(limit->line,
                   fmt::format("stop_limit = \"{}\" leaves no time after the service's own of {}",
                               format_duration(limit->value), format_duration(own)),
                   "write a longer one, or leave it out");
}

void check_service_uses(const Table& root, const std::vector<ResourceEntry>& resources,
                        Report& report) {
  const auto known = names_of(root, "service");
  for (const ResourceEntry& resource : resources) {
    if (resource.kind != ResourceKind::service) continue;
    const auto named =
        resource.table == nullptr ? std::nullopt : resource.table->find_text("service");
    const int line = named ? named->line : resource.line;
    const Table* service = find_service(root, resource.service);
    if (service == nullptr) {
      report.mistake(line, fmt::format("there is no service \"{}\"", resource.service),
                     suggest(resource.service, known));
      continue;
    }
    if (const auto scope = service->find_text("scope"); scope && scope->value == "node")
      report.mistake(line, fmt::format("the service \"{}\" has scope = \"node\"", resource.service),
                     "a group's services have scope = \"group\"");
    if (resource.table != nullptr) check_stop_limit(*resource.table, *service, report);
  }
}

// Whether a group mounts something there.
bool mounts(const Table& group, const std::string& mount_point) {
  return std::ranges::any_of(group.tables("partition"), [&](const Table* partition) {
    const auto at = partition->find_text("mount_point");
    return at && at->value == mount_point;
  });
}

// A service that needs a partition is of no use in a group that does not have it.
void check_partition_needed(const Table& root, const Table& group,
                            const std::vector<ResourceEntry>& resources, Report& report) {
  for (const ResourceEntry& resource : resources) {
    const Table* service =
        resource.kind == ResourceKind::service ? find_service(root, resource.service) : nullptr;
    const auto needed = service == nullptr ? std::nullopt : service->find_text("require_partition");
    if (needed && !mounts(group, needed->value))
      report.mistake(
          resource.line,
          fmt::format("the service \"{}\" needs the partition at \"{}\", which this "
                      "group does not mount",
                      resource.service, needed->value),
          fmt::format("add [[group.partition]] with mount_point = \"{}\"", needed->value));
  }
}

void check_kinds(const Table& group, const std::vector<ResourceEntry>& resources, Report& report) {
  const Field* order = group.find("order");
  if (order == nullptr || order->value.as<std::vector<Value>>() == nullptr) return;
  const auto kinds = kind_order(group);
  // With a misspelled kind nobody knows which one is missing.
  if (kinds.size() != group.texts("order").size()) return;
  for (const auto kind : {ResourceKind::partition, ResourceKind::floating_ip, ResourceKind::service,
                          ResourceKind::scripts})
    if (std::ranges::find(kinds, kind) == kinds.end() &&
        std::ranges::find(resources, kind, &ResourceEntry::kind) != resources.end())
      report.mistake(order->line,
                     fmt::format("order leaves out \"{}\", which the group has", to_text(kind)),
                     "name every kind of resource the group has");
}

void check_after(const std::vector<ResourceEntry>& resources, Report& report) {
  std::vector<std::string> names;
  names.reserve(resources.size());
  for (const ResourceEntry& resource : resources) names.push_back(resource.name);
  for (const ResourceEntry& resource : resources)
    for (const auto& [name, line] : resource.after)
      if (!is_among(name, names))
        report.mistake(
            line,
            fmt::format("after names the resource \"{}\", which the group does not have", name),
            suggest(name, names));
}

void check_circle(const std::vector<ResourceEntry>& circle, Report& report) {
  if (circle.empty()) return;
  std::string chain;
  for (const ResourceEntry& resource : circle) chain += resource.name + " after ";
  const ResourceEntry& first = circle.front();
  const ResourceEntry& next = circle[circle.size() > 1 ? 1 : 0];
  const auto after = std::ranges::find(first.after, next.name, &Located<std::string>::value);
  report.mistake(after->line,
                 fmt::format("the start order runs in a circle: {}{}", chain, first.name),
                 "take one of these out of its after");
}

void check_required_partition(const Table& root, const Table& service, Report& report) {
  const auto needed = service.find_text("require_partition");
  if (!needed) return;
  const auto scope = service.find_text("scope");
  if (scope && scope->value == "node")
    return report.mistake(needed->line, "a service with scope = \"node\" has no group's partition",
                          "leave require_partition out");
  const auto has_it = [&](const Table* group) { return mounts(*group, needed->value); };
  if (std::ranges::none_of(root.tables("group"), has_it))
    report.mistake(needed->line,
                   fmt::format("no group mounts a partition at \"{}\"", needed->value),
                   "write the mount_point of a [[group.partition]]");
}

void check_group(const Table& root, const Table& group, Report& report) {
  check_policy(group, names_of(root, "node"), report);
  const auto resources = list_resources(group);
  Unique names("resource name", "give each resource of the group its own");
  for (const ResourceEntry& resource : resources) names.add(resource.name, resource.line, report);
  check_service_uses(root, resources, report);
  check_partition_needed(root, group, resources, report);
  check_kinds(group, resources, report);
  check_after(resources, report);
  check_circle(order_resources(resources, kind_order(group)).circle, report);
}

}  // namespace

namespace {

struct Called {
  std::string_view key;
  std::string name;
  int line;
  const Table* service;
};

// Scripts call services by either name, whatever the case.
void check_called(const Table& root, Report& report) {
  std::vector<Called> known;
  for (const Table* service : root.tables("service"))
    for (const char* key : {"name", "display_name"}) {
      const auto called = service->find_text(key);
      if (!called) continue;
      const auto other = std::ranges::find_if(known, [&](const Called& before) {
        // Two names that are wholly the same are told of as such.
        const bool same_name =
            before.key == "name" && key == "name"sv && before.name == called->value;
        return before.service != service && same_but_case(before.name, called->value) && !same_name;
      });
      if (other != known.end())
        report.mistake(called->line,
                       fmt::format("{} = \"{}\" cannot be told from \"{}\" of line {}", key,
                                   called->value, other->name, other->line),
                       "case does not matter in scripts; give each service its own name");
      known.push_back({key, called->value, called->line, service});
    }
}

}  // namespace

void check_services(const Table& root, Report& report) {
  check_called(root, report);
  Unique names("service name", "give each service its own");
  for (const Table* service : root.tables("service")) {
    if (const auto name = service->find_text("name")) names.add(name->value, name->line, report);
    if (const Table* ready = service->find_table("ready")) check_ready(*ready, report);
    check_required_partition(root, *service, report);
  }
}

// A key belongs to one group at most, with all that lies below it.
void check_registry(const Table& root, Report& report) {
  std::vector<std::pair<registry::KeyPath, int>> keys;
  for (const Table* group : root.tables("group"))
    for (const auto& [text, line] : group->texts("registry")) {
      const auto key = registry::KeyPath::parse(text);
      if (!key) continue;
      const auto other = std::ranges::find_if(keys, [&](const auto& before) {
        return key->is_at_or_below(before.first) || before.first.is_at_or_below(*key);
      });
      if (other != keys.end())
        report.mistake(line,
                       fmt::format("registry has the key {}, and {} follows a group with all below "
                                   "it (line {})",
                                   key->text(), other->first.text(), other->second),
                       "name one of them only");
      keys.emplace_back(*key, line);
    }
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

// Why the path cannot be one of a file that is each node's own; empty when it can.
std::string why_not_followed(const Table& root, const std::string& path) {
  for (const char* folder : {"/proc", "/sys", "/dev", "/run/tasuki", "/var/lib/tasuki"})
    if (lies_in(path, folder)) return fmt::format("nothing in {} can follow a group", folder);
  for (const Table* group : root.tables("group"))
    for (const Table* partition : group->tables("partition")) {
      const auto at = partition->find_text("mount_point");
      if (at && lies_in(path, at->value))
        return fmt::format("{} is a partition of a group, which takes its files along by itself",
                           at->value);
    }
  return "";
}

// A file belongs to one group at most, and is nothing that moves by itself.
void check_files(const Table& root, Report& report) {
  struct Named {
    std::string path;
    int line;
    const Table* group;
  };
  std::vector<Named> known;
  for (const Table* group : root.tables("group"))
    for (const auto& [path, line] : group->texts("files")) {
      if (!path.starts_with('/')) continue;
      const auto plain = std::filesystem::path(path).lexically_normal().string();
      if (plain != path || path.ends_with('/')) {
        report.mistake(line,
                       fmt::format("files has \"{}\", which is no plain path of a file", path),
                       plain.ends_with('/') ? "write the path of a file, not of a folder"
                                            : fmt::format("write \"{}\"", plain));
        continue;
      }
      if (const std::string why = why_not_followed(root, path); !why.empty())
        report.mistake(line, fmt::format("files has \"{}\", and {}", path, why), "leave it out");
      const auto other = std::ranges::find_if(known, [&](const Named& before) {
        return path == before.path ? group != before.group
                                   : lies_in(path, before.path) || lies_in(before.path, path);
      });
      if (other != known.end())
        report.mistake(
            line,
            fmt::format("files has \"{}\", and \"{}\" follows a group (line {})", path, other->path,
                        other->line),
            path == other->path ? "name it once" : "name files only; a folder does not follow");
      known.push_back({path, line, group});
    }
}

// Made anew wherever the group starts, so it may be nothing that follows or is made from another.
void check_templates(const Table& root, Report& report) {
  Unique targets("target", "a file is made from one template");
  for (const Table* group : root.tables("group"))
    for (const Table* made : group->tables("template")) {
      if (const auto target = made->find_text("target")) {
        targets.add(target->value, target->line, report);
        for (const Table* other : root.tables("group"))
          for (const auto& [path, line] : other->texts("files"))
            if (path == target->value)
              report.mistake(target->line,
                             fmt::format("target = \"{}\" follows a group (line {})", path, line),
                             "take it out of files; it is made where the group starts");
      }
      const auto mode = made->find_text("mode");
      const auto is_octal = [](char digit) { return digit >= '0' && digit <= '7'; };
      if (mode && (mode->value.size() < 3 || mode->value.size() > 4 ||
                   !std::ranges::all_of(mode->value, is_octal)))
        report.mistake(mode->line, fmt::format("mode = \"{}\" is no mode of a file", mode->value),
                       "write it in octal, as \"0640\"");
    }
}

void check_groups(const Table& root, Report& report) {
  check_registry(root, report);
  check_files(root, report);
  check_templates(root, report);
  Unique names("group name", "give each group its own");
  for (const Table* group : root.tables("group")) {
    if (const auto name = group->find_text("name")) names.add(name->value, name->line, report);
    check_group(root, *group, report);
  }
}

}  // namespace tasuki::config
