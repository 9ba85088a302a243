// The registry as a node sees it: the keys that are its own and those that follow groups, as one
// tree.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/settings/registry_item.hpp"
#include "cluster/settings/settings.hpp"

namespace tasuki::settings {

class RegistryView {
 public:
  explicit RegistryView(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] std::optional<registry::NamedValue> find(const ValuePath& path) const;
  // It is there, or something below it.
  [[nodiscard]] bool exists(const KeyPath& key) const;
  // As they were written, in the order of their names.
  [[nodiscard]] std::vector<registry::NamedValue> values(const KeyPath& key) const;
  // The keys directly below.
  [[nodiscard]] std::vector<std::string> children(const KeyPath& key) const;
  // The key and all below it, each key before its values and those before what is below.
  void walk(const KeyPath& top, const std::function<void(const RegistryItem&)>& visit) const;

 private:
  [[nodiscard]] std::vector<const Content*> contents() const;

  const Settings& settings_;
};

}  // namespace tasuki::settings
