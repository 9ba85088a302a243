#include "cluster/settings/content.hpp"

#include <algorithm>
#include <bit>
#include <sodium.h>

#include <fmt/format.h>

namespace tasuki::settings {
namespace {

constexpr unsigned char kFirstOfNames = 0x20;
// What was erased is remembered in any case up to this many items.
constexpr size_t kErasedKept = 10'000;

std::array<uint64_t, 2> hash_of(std::string_view id, std::string_view data) {
  crypto_generichash_state state;
  std::array<uint64_t, 2> hash{};
  const uint64_t length = id.size();
  const auto update = [&](const void* bytes, size_t count) {
    crypto_generichash_update(&state, static_cast<const unsigned char*>(bytes), count);
  };
  crypto_generichash_init(&state, nullptr, 0, sizeof(hash));
  update(&length, sizeof(length));
  update(id.data(), id.size());
  update(data.data(), data.size());
  crypto_generichash_final(&state, std::bit_cast<unsigned char*>(hash.data()), sizeof(hash));
  return hash;
}

}  // namespace

void Digest::add(std::string_view id, std::string_view data) {
  const auto hash = hash_of(id, data);
  for (size_t i = 0; i < sum_.size(); ++i) sum_.at(i) += hash.at(i);
}

void Digest::remove(std::string_view id, std::string_view data) {
  const auto hash = hash_of(id, data);
  for (size_t i = 0; i < sum_.size(); ++i) sum_.at(i) -= hash.at(i);
}

std::string Digest::hex() const {
  return fmt::format("{:016x}{:016x}", sum_[0], sum_[1]);
}

bool is_at_or_below(std::string_view id, std::string_view place) {
  return place.empty() ||
         (id.starts_with(place) && (id.size() == place.size() ||
                                    static_cast<unsigned char>(id[place.size()]) < kFirstOfNames));
}

std::vector<Edit> Content::apply(std::span<const Edit> edits) {
  ++number;
  std::vector<Edit> made;
  for (const Edit& edit : edits) {
    switch (edit.what) {
      case Edit::What::put:
        set(edit.id, {edit.data, true, number});
        made.push_back(edit);
        break;
      case Edit::What::erase:
        erase(edit.id, made);
        break;
      case Edit::What::erase_all_at: {
        std::vector<std::string> ids;
        for (auto at = entries_.lower_bound(edit.id);
             at != entries_.end() && is_at_or_below(at->first, edit.id); ++at)
          if (at->second.there) ids.push_back(at->first);
        for (const std::string& id : ids) erase(id, made);
        break;
      }
    }
  }
  return made;
}

// That it is not there is remembered also where it was not known: others may have it.
void Content::erase(const std::string& id, std::vector<Edit>& made) {
  if (const std::string* data = find(id)) made.push_back({Edit::What::erase, id, *data});
  set(id, {"", false, number});
}

void Content::set(const std::string& id, Entry entry) {
  const auto [found, is_new] = entries_.try_emplace(id);
  Entry& old = found->second;
  if (!is_new && old.there) {
    digest_.remove(id, old.data);
    --count_;
    bytes_ -= id.size() + old.data.size();
  } else if (!is_new) {
    --erased_;
  }
  old = std::move(entry);
  if (old.there) {
    digest_.add(id, old.data);
    ++count_;
    bytes_ += id.size() + old.data.size();
  } else {
    ++erased_;
  }
}

const std::string* Content::find(std::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() || !found->second.there ? nullptr : &found->second.data;
}

std::vector<Item> Content::changed_after(uint64_t after) const {
  std::vector<Item> items;
  for (const auto& [id, entry] : entries_)
    if (entry.modified > after) items.push_back({id, entry});
  return items;
}

Item Content::item(const std::string& id) const {
  const auto found = entries_.find(id);
  return {id, found == entries_.end() ? Entry{"", false, number} : found->second};
}

void Content::take(const Item& item) {
  set(item.id, item.entry);
}

std::vector<Item> Content::take_out(std::string_view place) {
  std::vector<Item> out;
  auto at = entries_.lower_bound(place);
  while (at != entries_.end() && is_at_or_below(at->first, place)) {
    out.push_back({at->first, at->second});
    if (at->second.there) {
      digest_.remove(at->first, at->second.data);
      --count_;
      bytes_ -= at->first.size() + at->second.data.size();
    } else {
      --erased_;
    }
    at = entries_.erase(at);
  }
  return out;
}

void Content::clear() {
  *this = {};
}

void Content::forget_erased(bool all_nodes_have_all) {
  uint64_t up_to = all_nodes_have_all ? committed : forgotten;
  if (erased_ > std::max(kErasedKept, count_)) {
    std::vector<uint64_t> numbers;
    for (const auto& [id, entry] : entries_)
      if (!entry.there) numbers.push_back(entry.modified);
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    std::ranges::nth_element(numbers, middle);
    up_to = std::max(up_to, std::min(*middle, committed));
  }
  if (up_to <= forgotten) return;
  forgotten = up_to;
  erased_ -= std::erase_if(entries_, [&](const auto& entry) {
    return !entry.second.there && entry.second.modified <= up_to;
  });
}

}  // namespace tasuki::settings
