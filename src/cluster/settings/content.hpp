// What follows a group, as a value: items by id, each with the number of the change that made it as
// it is. What was erased is remembered for those that were away then, so that a copy is brought up
// to date by what differs.
//
// An id names a place in a hierarchy: what lies below it begins with it and goes on with a
// character below U+0020 (as registry::item_id makes them).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::settings {

struct Edit {
  enum class What : uint8_t { put = 1, erase, erase_all_at };  // the last: with all that lies below
  What what = What::put;
  std::string id;
  std::string data = {};  // of put
  friend bool operator==(const Edit&, const Edit&) = default;
};

struct Entry {
  std::string data;
  bool there = true;      // false: it was erased
  uint64_t modified = 0;  // the number of the change that did it
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Item {
  std::string id;
  Entry entry;
  friend bool operator==(const Item&, const Item&) = default;
};

// Equal for equal items, in whatever order they came; a change costs what it changes.
class Digest {
 public:
  void add(std::string_view id, std::string_view data);
  void remove(std::string_view id, std::string_view data);
  [[nodiscard]] std::string hex() const;
  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  std::array<uint64_t, 2> sum_{};
};

// Everything lies below the place without a name.
bool is_at_or_below(std::string_view id, std::string_view place);

class Content {
 public:
  using Entries = std::map<std::string, Entry, std::less<>>;

  // How many changes were made to it; the change after this one has the next number.
  uint64_t number = 0;
  // Up to this change every node that has all settings is known to have it on its disk, so whatever
  // was acknowledged is among them.
  uint64_t committed = 0;
  // What was erased up to this change may be forgotten.
  uint64_t forgotten = 0;

  // Returns what is different: an erased item with the data it had.
  std::vector<Edit> apply(std::span<const Edit> edits);
  // nullptr when nothing is there.
  [[nodiscard]] const std::string* find(std::string_view id) const;
  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] std::string digest() const { return digest_.hex(); }
  // How many items are there, and how many bytes they have.
  [[nodiscard]] size_t count() const { return count_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

  // The items that were changed after the change of that number.
  [[nodiscard]] std::vector<Item> changed_after(uint64_t number) const;
  // As an item is now; as erased when nothing is known of it.
  [[nodiscard]] Item item(const std::string& id) const;
  // Takes the item as another copy has it.
  void take(const Item& item);
  // Takes all at or below the place out.
  std::vector<Item> take_out(std::string_view place);
  void clear();
  // Forgets what was erased so long ago that every node knows it, or what is too much to remember.
  void forget_erased(bool all_nodes_have_all);

 private:
  void set(const std::string& id, Entry entry);
  void erase(const std::string& id, std::vector<Edit>& made);

  Entries entries_;
  Digest digest_;
  size_t count_ = 0;
  size_t erased_ = 0;
  size_t bytes_ = 0;
};

}  // namespace tasuki::settings
