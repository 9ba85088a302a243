// The resources that a [[group]] names, and the order they start in: by kind, within a kind as they
// stand in the file, but never before those they are `after`.
#pragma once

#include <string>
#include <vector>

#include "cluster/config/document.hpp"

namespace tasuki::config {

enum class ResourceKind { partition, floating_ip, service, scripts };

struct ResourceEntry {
  ResourceKind kind;
  std::string name;  // as given, or the default
  int line = 0;
  const Table* table;   // nullptr for a service named in `services = [...]`
  std::string service;  // of the kind `service`
  std::vector<Located<std::string>> after;
};

// In the order of the kinds' tables in ResourceKind, within a kind as in the file. A service's
// table without `service` is left out.
std::vector<ResourceEntry> list_resources(const Table& group);

// The kinds in the order the group starts them, as its `order` says or by default.
std::vector<ResourceKind> kind_order(const Table& group);

// As `order` writes it: "floating-ip".
std::string_view to_text(ResourceKind kind);

struct StartOrder {
  std::vector<ResourceEntry> resources;  // those of a circle, and what waits for them, left out
  std::vector<ResourceEntry> circle;     // each is `after` the next, the last after the first
};

// Resources of other kinds are left out; names in `after` that no resource has are passed over.
StartOrder order_resources(const std::vector<ResourceEntry>& resources,
                           const std::vector<ResourceKind>& kinds);

}  // namespace tasuki::config
