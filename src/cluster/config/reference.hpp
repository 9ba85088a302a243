// References in what services are started with and in templates:
// "${registry:HKLM\SOFTWARE\X\Port}",
// "${group.floating_ip}". They are resolved on the node that starts, when it starts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cluster/registry/path.hpp"
#include "kit/result.hpp"

namespace tasuki::config {

struct Reference {
  enum class To { registry, floating_ip, group_name, mount_point, node_name };
  To to = To::registry;
  std::string text = {};                          // as it was written, without "${" and "}"
  std::optional<registry::ValuePath> value = {};  // of the registry
  std::string resource = {};                      // a floating IP's name; empty: the first

  // It means something in a group only.
  [[nodiscard]] bool of_group() const { return to != To::registry && to != To::node_name; }
};
using Piece = std::variant<std::string, Reference>;

// The text in pieces; "$${" is a literal "${". An Error ends in "; what to do".
Result<std::vector<Piece>> read_references(std::string_view text);

// What references are resolved with.
struct ReferenceValues {
  struct Named {
    std::string name;
    std::string value;
  };
  std::string node;
  std::string group;                // empty: there is none
  std::vector<Named> floating_ips;  // in their order
  std::string mount_point;          // of the first partition; empty: there is none
  // A value's data as `tasuki registry get` prints it; an Error says why there is none.
  std::function<Result<std::vector<std::string>>(const registry::ValuePath&)> registry;
};

// The text with every reference replaced. The Error names the one that cannot be.
Result<std::string> resolve_references(std::string_view text, const ReferenceValues& values);

}  // namespace tasuki::config
