// How keys and values are kept among the settings (cluster/settings): as items with an id and data.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/registry/change.hpp"
#include "cluster/registry/path.hpp"
#include "cluster/registry/tree.hpp"
#include "cluster/settings/content.hpp"

namespace tasuki::settings {

using registry::KeyPath;
using registry::ValuePath;

// The place of a key: its id's beginning, and that of all below it.
std::string place_of(const KeyPath& key);
std::string id_of(const KeyPath& key);
std::string id_of(const ValuePath& value);

// What an item is: a key, or a value of one.
struct RegistryItem {
  KeyPath key;
  std::optional<registry::NamedValue> value;
};
// Nothing for what is no item of the registry, or damaged.
std::optional<RegistryItem> registry_item_of(std::string_view data);

// What the change does to the items. `is_there`: whether there is an item of that id; `belongs`:
// whether a key is kept with the changed one, so that it is created with it.
std::vector<Edit> edits_of(const registry::Change& change,
                           const std::function<bool(const std::string& id)>& is_there,
                           const std::function<bool(const KeyPath&)>& belongs);

}  // namespace tasuki::settings
