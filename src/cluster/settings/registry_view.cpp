#include "cluster/settings/registry_view.hpp"

#include <algorithm>

namespace tasuki::settings {
namespace {

using registry::NamedValue;

// Behind everything that lies at or below a place (is_at_or_below).
constexpr char kLastBelow = '\x1f';

// Calls for what is there of the content, from one id to before another.
void for_each(const Content& content, const std::string& from, const std::string& to,
              const std::function<void(const std::string& id, const RegistryItem&)>& call) {
  for (auto at = content.entries().lower_bound(from);
       at != content.entries().end() && at->first < to; ++at) {
    if (!at->second.there) continue;
    if (const auto item = registry_item_of(at->second.data)) call(at->first, *item);
  }
}

// The part of the path that names the key directly below `above`.
std::string name_below(const KeyPath& above, const KeyPath& key) {
  const std::string_view rest = std::string_view(key.text()).substr(above.text().size() + 1);
  return std::string(rest.substr(0, rest.find('\\')));
}

}  // namespace

std::vector<const Content*> RegistryView::contents() const {
  std::vector<const Content*> contents{&settings_.of_node()};
  for (const auto& [group, stand] : settings_.stands())
    if (const Follower* follower = settings_.find(group)) contents.push_back(&follower->content());
  return contents;
}

std::optional<NamedValue> RegistryView::find(const ValuePath& path) const {
  const std::string id = id_of(path);
  for (const Content* content : contents())
    if (const std::string* data = content->find(id))
      if (auto item = registry_item_of(*data)) return item->value;
  return std::nullopt;
}

bool RegistryView::exists(const KeyPath& key) const {
  bool found = false;
  const std::string place = place_of(key);
  for (const Content* content : contents())
    for (auto at = content->entries().lower_bound(place);
         !found && at != content->entries().end() && is_at_or_below(at->first, place); ++at)
      found = at->second.there;
  return found;
}

std::vector<NamedValue> RegistryView::values(const KeyPath& key) const {
  std::vector<NamedValue> values;
  const std::string first = id_of(ValuePath{key, ""});
  for (const Content* content : contents())
    for_each(*content, first, place_of(key) + kLastBelow,
             [&](const std::string&, const RegistryItem& item) {
               if (item.value) values.push_back(*item.value);
             });
  return values;
}

std::vector<std::string> RegistryView::children(const KeyPath& key) const {
  const std::string place = place_of(key);
  const std::string before = place + registry::kFoldedSeparator;
  std::map<std::string, std::string> names;  // by their folded form
  for (const Content* content : contents()) {
    auto at = content->entries().lower_bound(before);
    while (at != content->entries().end() && at->first.starts_with(before)) {
      if (!at->second.there) {
        ++at;
        continue;
      }
      const std::string folded =
          at->first.substr(0, at->first.find_first_of("\x01\x02\x03", before.size()));
      if (const auto item = registry_item_of(at->second.data))
        names.try_emplace(folded, name_below(key, item->key));
      at = content->entries().lower_bound(folded + kLastBelow);
    }
  }
  std::vector<std::string> result;
  for (auto& [folded, name] : names) result.push_back(std::move(name));
  return result;
}

void RegistryView::walk(const KeyPath& top,
                        const std::function<void(const RegistryItem&)>& visit) const {
  for (const NamedValue& value : values(top)) visit({top, value});
  for (const std::string& name : children(top)) {
    const auto child = top.child(name);
    if (!child) continue;
    visit({*child, {}});
    walk(*child, visit);
  }
}

}  // namespace tasuki::settings
