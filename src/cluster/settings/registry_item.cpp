#include "cluster/settings/registry_item.hpp"

#include "cluster/settings/bytes.hpp"

namespace tasuki::settings {
namespace {

// Behind the place; below it come the keys (kFoldedSeparator).
constexpr char kKey = '\x02';
constexpr char kValue = '\x03';
static_assert(registry::kFoldedSeparator < kKey);

std::string data_of(const KeyPath& key) {
  ByteWriter writer;
  writer.text(key.text());
  writer.flag(false);
  return std::move(writer).take();
}

std::string data_of(const ValuePath& path, const registry::Value& value) {
  const registry::Bytes bytes = registry::bytes_of(value);
  ByteWriter writer;
  writer.text(path.key.text());
  writer.flag(true);
  writer.text(path.name);
  writer.number(registry::type_of(value));
  writer.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return std::move(writer).take();
}

using IsThere = std::function<bool(const std::string&)>;
using Belongs = std::function<bool(const KeyPath&)>;

void create(const KeyPath& key, const IsThere& is_there, const Belongs& belongs,
            std::vector<Edit>& edits) {
  for (std::optional<KeyPath> at = key; at && belongs(*at); at = at->parent())
    if (std::string id = id_of(*at); !is_there(id))
      edits.push_back({Edit::What::put, std::move(id), data_of(*at)});
}

}  // namespace

std::string place_of(const KeyPath& key) {
  return key.folded().value;
}

std::string id_of(const KeyPath& key) {
  return place_of(key) + kKey;
}

std::string id_of(const ValuePath& value) {
  return place_of(value.key) + kValue + registry::fold(value.name).value;
}

std::optional<RegistryItem> registry_item_of(std::string_view data) {
  ByteReader reader(data);
  auto key = KeyPath::parse(reader.text());
  if (!key) return std::nullopt;
  RegistryItem entry{std::move(*key), {}};
  if (reader.flag()) {
    registry::NamedValue value;
    value.name = reader.text();
    const auto type = static_cast<uint32_t>(reader.number());
    const std::string bytes = reader.text();
    value.value = registry::value_of(type, {bytes.begin(), bytes.end()});
    entry.value = std::move(value);
  }
  if (!reader.read_all()) return std::nullopt;
  return entry;
}

std::vector<Edit> edits_of(const registry::Change& change, const IsThere& is_there,
                           const Belongs& belongs) {
  std::vector<Edit> edits;
  if (const auto* set = std::get_if<registry::SetValue>(&change)) {
    create(set->path.key, is_there, belongs, edits);
    edits.push_back({Edit::What::put, id_of(set->path), data_of(set->path, set->value)});
  } else if (const auto* create_key = std::get_if<registry::CreateKey>(&change)) {
    create(create_key->key, is_there, belongs, edits);
  } else if (const auto* delete_value = std::get_if<registry::DeleteValue>(&change)) {
    if (std::string id = id_of(delete_value->path); is_there(id))
      edits.push_back({Edit::What::erase, std::move(id)});
  } else if (const auto* delete_key = std::get_if<registry::DeleteKey>(&change)) {
    edits.push_back({Edit::What::erase_all_at, place_of(delete_key->key)});
  }
  return edits;
}

}  // namespace tasuki::settings
