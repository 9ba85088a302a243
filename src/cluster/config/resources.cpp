#include "cluster/config/resources.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include <fmt/format.h>

namespace tasuki::config {
namespace {

// The order of ResourceKind, which is also the default start order.
constexpr std::array<std::string_view, 4> kKindTexts{"partition", "floating-ip", "services",
                                                     "scripts"};

std::string name_or(const Table& table, const std::string& fallback) {
  const auto name = table.find_text("name");
  return name ? name->value : fallback;
}

void list_numbered(const Table& group, std::string_view key, ResourceKind kind,
                   std::vector<ResourceEntry>& entries) {
  int number = 0;
  for (const Table* table : group.tables(key)) {
    std::string name = name_or(*table, fmt::format("{}-{}", to_text(kind), ++number));
    entries.push_back({kind, std::move(name), table->line, table, {}, table->texts("after")});
  }
}

void list_services(const Table& group, std::vector<ResourceEntry>& entries) {
  std::set<std::string> listed;  // check_value() reports those that stand there twice
  for (const auto& [name, line] : group.texts("services"))
    if (listed.insert(name).second)
      entries.push_back({ResourceKind::service, name, line, nullptr, name, {}});
  for (const Table* table : group.tables("service"))
    if (const auto service = table->find_text("service"))
      entries.push_back({ResourceKind::service, name_or(*table, service->value), table->line, table,
                         service->value, table->texts("after")});
}

using Entries = std::vector<ResourceEntry>;

// The first name in the entry's `after` that is still among the waiting ones.
Entries::const_iterator first_awaited(const ResourceEntry& entry, const Entries& waiting) {
  for (const auto& after : entry.after) {
    const auto awaited = std::ranges::find(waiting, after.value, &ResourceEntry::name);
    if (awaited != waiting.end()) return awaited;
  }
  return waiting.end();
}

// Every waiting entry awaits another one, so following them must come back to where it was.
Entries find_circle(const Entries& waiting) {
  std::vector<Entries::const_iterator> path{waiting.begin()};
  for (;;) {
    const auto next = first_awaited(*path.back(), waiting);
    const auto met = std::ranges::find(path, next);
    if (met == path.end()) {
      path.push_back(next);
      continue;
    }
    Entries circle;
    for (auto step = met; step != path.end(); ++step) circle.push_back(**step);
    return circle;
  }
}

}  // namespace

std::vector<ResourceEntry> list_resources(const Table& group) {
  std::vector<ResourceEntry> entries;
  list_numbered(group, "partition", ResourceKind::partition, entries);
  list_numbered(group, "floating_ip", ResourceKind::floating_ip, entries);
  list_services(group, entries);
  if (const Table* scripts = group.find_table("scripts"))
    entries.push_back({ResourceKind::scripts,
                       name_or(*scripts, "scripts"),
                       scripts->line,
                       scripts,
                       {},
                       scripts->texts("after")});
  return entries;
}

std::vector<ResourceKind> kind_order(const Table& group) {
  std::vector<ResourceKind> kinds;
  const auto add = [&](std::string_view text) {
    const auto found = std::ranges::find(kKindTexts, text);
    if (found != kKindTexts.end())
      kinds.push_back(static_cast<ResourceKind>(std::distance(kKindTexts.begin(), found)));
  };
  if (group.find("order") == nullptr)
    for (const auto text : kKindTexts) add(text);
  for (const auto& [text, line] : group.texts("order")) add(text);
  return kinds;
}

std::string_view to_text(ResourceKind kind) {
  return kKindTexts[static_cast<size_t>(kind)];
}

StartOrder order_resources(const std::vector<ResourceEntry>& resources,
                           const std::vector<ResourceKind>& kinds) {
  Entries waiting;
  for (const ResourceKind kind : kinds)
    for (const ResourceEntry& entry : resources)
      if (entry.kind == kind) waiting.push_back(entry);

  StartOrder order;
  while (!waiting.empty()) {
    const auto ready = std::ranges::find_if(waiting, [&](const ResourceEntry& entry) {
      return first_awaited(entry, waiting) == waiting.end();
    });
    if (ready == waiting.end()) {
      order.circle = find_circle(waiting);
      return order;
    }
    order.resources.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  return order;
}

}  // namespace tasuki::config
