#include "cluster/witness/slot.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/json.hpp"
#include "kit/text.hpp"

namespace tasuki::witness {
namespace {

constexpr int kFormat = 1;
constexpr size_t kSealBytes = 16;

constexpr std::array kClaims{"none", "wants", "has"};
constexpr std::array kReaches{"unknown", "yes", "no"};

// The first one for a word that is not known.
template <class Enum, size_t n>
Enum value_of(const std::array<const char*, n>& words, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  return found == words.end() ? Enum{} : static_cast<Enum>(found - words.begin());
}

// A keyed hash; the key of any length is brought to the one that it takes.
std::string seal(std::string_view text, std::string_view key) {
  std::array<unsigned char, crypto_generichash_KEYBYTES> short_key{};
  crypto_generichash(short_key.data(), short_key.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr, 0);
  std::array<unsigned char, kSealBytes> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     short_key.data(), short_key.size());
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

std::string encode(const Slot& slot, std::string_view key) {
  Json apart = Json::array();
  for (const core::NodeId node : slot.apart) apart.push_back(node.value);
  const std::string text = Json{
      {"format", kFormat},
      {"node", slot.node.value},
      {"sequence", slot.sequence},
      {"claim", kClaims.at(static_cast<size_t>(slot.claim))},
      {"ring", slot.ring},
      {"groups", slot.groups},
      {"term", slot.term},
      {"released", slot.released ? Json(*slot.released) : Json(nullptr)},
      {"reach", kReaches.at(static_cast<size_t>(slot.reach))},
      {"apart", apart}}.dump();
  std::string line = fmt::format("{} {}\n", seal(text, key), text);
  TASUKI_ASSERT(line.size() <= kSlotBytesMax);
  return line;
}

Result<Slot> decode(std::string_view text, std::string_view key) {
  const size_t end = text.find('\n');
  const size_t blank = text.find(' ');
  if (end == std::string_view::npos || blank == std::string_view::npos || blank > end)
    return failure("it is damaged");
  const std::string_view content = text.substr(blank + 1, end - blank - 1);
  if (text.substr(0, blank) != seal(content, key))
    return failure("it is damaged, or written with another cluster's key");
  const Json json = Json::parse(content, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != kFormat)
    return failure("it is written by another version of Tasuki");
  Slot slot{.node = core::NodeId{json.value("node", 0U)},
            .sequence = json.value("sequence", uint64_t{0}),
            .claim = value_of<Claim>(kClaims, json.value("claim", "")),
            .ring = json.value("ring", ""),
            .groups = json.value("groups", size_t{0}),
            .term = json.value("term", uint64_t{0}),
            .reach = value_of<Reach>(kReaches, json.value("reach", ""))};
  if (const Json released = json.value("released", Json(nullptr)); released.is_number_unsigned())
    slot.released = released.get<uint64_t>();
  for (const Json& node : json.value("apart", Json::array()))
    if (node.is_number_unsigned()) slot.apart.insert(core::NodeId{node.get<uint32_t>()});
  return slot;
}

}  // namespace tasuki::witness
