// What nodes say to each other about settings. Like every message they reach all members in one
// order (core/message.hpp).
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/core/ids.hpp"
#include "cluster/settings/content.hpp"
#include "kit/result.hpp"

namespace tasuki::settings {

// A change, made by all that have the group's settings when it is delivered, or by none.
struct Changed {
  core::GroupName group;
  uint64_t batch = 0;      // of its sender
  uint64_t committed = 0;  // up to here all have stored what came before, as the sender knows
  std::vector<Edit> edits;
  friend bool operator==(const Changed&, const Changed&) = default;
};
// The sender has every change up to this one on its disk.
struct Stored {
  core::GroupName group;
  std::string basis;
  uint64_t number = 0;
  friend bool operator==(const Stored&, const Stored&) = default;
};
// The sender lacks settings and asks for what differs.
struct Wanted {
  core::GroupName group;
  std::string basis;
  bool all = false;                // everything, because what it has cannot be relied on
  uint64_t committed = 0;          // up to here it has what all have
  std::vector<std::string> since;  // what it changed after that
  friend bool operator==(const Wanted&, const Wanted&) = default;
};
// One part of the answer, and with the last one what the copy must be then.
struct Part {
  core::GroupName group;
  std::string basis;
  core::NodeId to;
  bool all = false;
  bool last = false;
  std::vector<Item> items = {};
  uint64_t number = 0;
  uint64_t committed = 0;
  uint64_t forgotten = 0;
  std::string digest = {};
  friend bool operator==(const Part&, const Part&) = default;
};
using Message = std::variant<Changed, Stored, Wanted, Part>;

// Messages of this kind begin with this byte, which no JSON text does.
inline constexpr char kFirstByte = '\x01';

std::string encode(const Message& message);
Result<Message> decode(std::string_view bytes);

}  // namespace tasuki::settings
