// What may be done to the registry: the words of a .reg file, and of whoever changes a value.
#pragma once

#include <string>
#include <variant>

#include "cluster/registry/path.hpp"
#include "cluster/registry/value.hpp"

namespace tasuki::registry {

// Creates the key as well, when it does not exist.
struct SetValue {
  ValuePath path;
  Value value;
  friend bool operator==(const SetValue&, const SetValue&) = default;
};
struct DeleteValue {
  ValuePath path;
  friend bool operator==(const DeleteValue&, const DeleteValue&) = default;
};
// With the keys above it.
struct CreateKey {
  KeyPath key;
  friend bool operator==(const CreateKey&, const CreateKey&) = default;
};
// With everything below it.
struct DeleteKey {
  KeyPath key;
  friend bool operator==(const DeleteKey&, const DeleteKey&) = default;
};

using Change = std::variant<SetValue, DeleteValue, CreateKey, DeleteKey>;

// Where it happens.
const KeyPath& key_of(const Change& change);

}  // namespace tasuki::registry
