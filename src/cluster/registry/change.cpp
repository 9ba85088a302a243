#include "cluster/registry/change.hpp"

namespace tasuki::registry {
namespace {

const KeyPath& key_of_one(const SetValue& change) {
  return change.path.key;
}
const KeyPath& key_of_one(const DeleteValue& change) {
  return change.path.key;
}
const KeyPath& key_of_one(const CreateKey& change) {
  return change.key;
}
const KeyPath& key_of_one(const DeleteKey& change) {
  return change.key;
}

}  // namespace

const KeyPath& key_of(const Change& change) {
  return std::visit([](const auto& one) -> const KeyPath& { return key_of_one(one); }, change);
}

}  // namespace tasuki::registry
