// Keys and values in memory, in the order in which Windows exports them: keys by name, values as
// they were made. A value like any other: copied, compared, changed by apply() alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/registry/change.hpp"
#include "cluster/registry/names.hpp"
#include "cluster/registry/path.hpp"
#include "cluster/registry/value.hpp"

namespace tasuki::registry {

struct NamedValue {
  std::string name;  // as it was first written
  Value value;
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

class Key {
 public:
  // As it was first written.
  [[nodiscard]] const std::string& name() const { return name_; }
  // nullptr when there is none of that name.
  [[nodiscard]] const NamedValue* find(std::string_view name) const;
  // In the order in which they were made.
  [[nodiscard]] std::vector<const NamedValue*> values() const;
  [[nodiscard]] size_t value_count() const { return values_.size(); }

  friend bool operator==(const Key& one, const Key& other);

 private:
  friend class Tree;

  struct Made {
    NamedValue value;
    std::uint32_t place = 0;  // among the values of the key
  };

  bool set(const std::string& name, const Value& value);

  std::string name_;
  std::map<FoldedName, Made> values_;
  std::uint32_t next_place_ = 0;
};

class Tree {
 public:
  // Whether it changed anything. Names keep the case they were first written in, and a value that
  // is set again keeps its place.
  bool apply(const Change& change);

  // nullptr when there is none.
  [[nodiscard]] const Key* find(const KeyPath& path) const;
  [[nodiscard]] const NamedValue* find(const ValuePath& path) const;

  // The roots that have keys.
  [[nodiscard]] std::vector<KeyPath> roots() const;
  // The keys directly below, in Windows' order.
  [[nodiscard]] std::vector<KeyPath> children(const KeyPath& path) const;
  // The key and all below it, each before those below it. The path is good for the call only.
  void walk(const KeyPath& top,
            const std::function<void(const KeyPath& path, const Key& key)>& visit) const;

  [[nodiscard]] size_t key_count() const { return keys_.size(); }

  friend bool operator==(const Tree&, const Tree&) = default;

 private:
  using Keys = std::map<FoldedPath, Key>;

  // The path in the case its keys were first written in; all of them exist.
  [[nodiscard]] std::string written(const FoldedPath& path) const;
  [[nodiscard]] Keys::const_iterator end_of(const FoldedPath& top) const;
  // The topmost keys from there to there.
  [[nodiscard]] std::vector<KeyPath> topmost(Keys::const_iterator first, Keys::const_iterator last,
                                             const std::string& above) const;
  Key& create(const KeyPath& path);
  bool erase(const KeyPath& top);

  Keys keys_;
};

}  // namespace tasuki::registry
