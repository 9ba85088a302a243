// What the keeper must undo, without tasukid, before another node may own a group.
#pragma once

#include <string>
#include <variant>

#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

struct ReleaseMount {
  std::string device;
  std::string mount_point;
  friend bool operator==(const ReleaseMount&, const ReleaseMount&) = default;
};
struct ReleaseAddress {
  std::string interface;
  std::string address;
  int prefix = 0;
  friend bool operator==(const ReleaseAddress&, const ReleaseAddress&) = default;
};
using Release = std::variant<ReleaseMount, ReleaseAddress>;

// The form it has in the keeper's protocol.
Json to_json(const Release& release);
Result<Release> release_from_json(const Json& json);

}  // namespace tasuki::process
