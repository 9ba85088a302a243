#include "cluster/registry/tree.hpp"

#include <algorithm>

#include "kit/text.hpp"

namespace tasuki::registry {

const NamedValue* Key::find(std::string_view name) const {
  const auto found = values_.find(fold(name));
  return found == values_.end() ? nullptr : &found->second.value;
}

std::vector<const NamedValue*> Key::values() const {
  std::vector<const Made*> made;
  made.reserve(values_.size());
  for (const auto& [name, one] : values_) made.push_back(&one);
  std::ranges::sort(made, {}, &Made::place);
  std::vector<const NamedValue*> values;
  values.reserve(made.size());
  for (const Made* const one : made) values.push_back(&one->value);
  return values;
}

bool operator==(const Key& one, const Key& other) {
  return one.name_ == other.name_ &&
         std::ranges::equal(one.values(), other.values(),
                            [](const auto* a, const auto* b) { return *a == *b; });
}

bool Key::set(const std::string& name, const Value& value) {
  const auto [found, added] = values_.try_emplace(fold(name));
  Made& made = found->second;
  if (added) {
    made.value.name = name;
    made.place = next_place_++;
  }
  if (!added && made.value.value == value) return false;
  made.value.value = value;
  return true;
}

bool Tree::apply(const Change& change) {
  const KeyPath& path = key_of(change);
  if (std::holds_alternative<DeleteKey>(change)) return erase(path);
  if (const auto* const deleted = std::get_if<DeleteValue>(&change)) {
    const auto key = keys_.find(path.folded());
    return key != keys_.end() && key->second.values_.erase(fold(deleted->path.name)) > 0;
  }
  const size_t keys_before = keys_.size();
  Key& key = create(path);
  const auto* const set = std::get_if<SetValue>(&change);
  const bool value_changed = set != nullptr && key.set(set->path.name, set->value);
  return value_changed || keys_.size() > keys_before;
}

const Key* Tree::find(const KeyPath& path) const {
  const auto found = keys_.find(path.folded());
  return found == keys_.end() ? nullptr : &found->second;
}

const NamedValue* Tree::find(const ValuePath& path) const {
  const Key* const key = find(path.key);
  return key == nullptr ? nullptr : key->find(path.name);
}

std::vector<KeyPath> Tree::roots() const {
  return topmost(keys_.begin(), keys_.end(), "");
}

std::vector<KeyPath> Tree::children(const KeyPath& path) const {
  const FoldedPath folded = path.folded();
  const auto found = keys_.find(folded);
  if (found == keys_.end()) return {};
  return topmost(std::next(found), end_of(folded), written(folded) + '\\');
}

void Tree::walk(const KeyPath& top,
                const std::function<void(const KeyPath& path, const Key& key)>& visit) const {
  const FoldedPath folded = top.folded();
  const auto first = keys_.find(folded);
  if (first == keys_.end()) return;
  const auto level_of = [](const FoldedPath& path) {
    return static_cast<size_t>(std::ranges::count(path.value, kFoldedSeparator));
  };
  KeyPath path(written(folded));
  std::vector<size_t> lengths(level_of(folded) + 1, path.text_.size());  // of the text, by level
  visit(path, first->second);
  const auto last = end_of(folded);
  for (auto at = std::next(first); at != last; ++at) {
    const size_t level = level_of(at->first);
    path.text_.resize(lengths[level - 1]);
    path.text_ += '\\';
    path.text_ += at->second.name_;
    lengths.resize(level);
    lengths.push_back(path.text_.size());
    visit(path, at->second);
  }
}

std::string Tree::written(const FoldedPath& path) const {
  std::string text;
  for (size_t end = 0; end != std::string::npos;) {
    end = path.value.find(kFoldedSeparator, end + 1);
    if (!text.empty()) text += '\\';
    text += keys_.at(FoldedPath{path.value.substr(0, end)}).name_;
  }
  return text;
}

Tree::Keys::const_iterator Tree::end_of(const FoldedPath& top) const {
  return keys_.lower_bound(FoldedPath{top.value + static_cast<char>(kFoldedSeparator + 1)});
}

std::vector<KeyPath> Tree::topmost(Keys::const_iterator first, Keys::const_iterator last,
                                   const std::string& above) const {
  std::vector<KeyPath> found;
  while (first != last) {
    found.push_back(KeyPath(above + first->second.name_));
    first = end_of(first->first);
  }
  return found;
}

Key& Tree::create(const KeyPath& path) {
  FoldedPath folded = path.folded();
  if (const auto found = keys_.find(folded); found != keys_.end()) return found->second;
  folded.value.clear();
  Key* key = nullptr;
  for (const std::string_view part : split(path.text(), '\\')) {
    if (key != nullptr) folded.value += kFoldedSeparator;
    folded.value += fold(part).value;
    const auto [place, added] = keys_.try_emplace(folded);
    key = &place->second;
    if (added) key->name_ = part;
  }
  return *key;
}

bool Tree::erase(const KeyPath& top) {
  const FoldedPath folded = top.folded();
  const size_t keys_before = keys_.size();
  keys_.erase(keys_.lower_bound(folded), end_of(folded));
  return keys_.size() < keys_before;
}

}  // namespace tasuki::registry
