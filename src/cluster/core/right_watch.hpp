// How long a node goes on with what it owns after it lost the right to.
//
// The rule it protects: a node that may not keep its groups stops them after a short grace, in
// which the right may come back.
#pragma once

#include <optional>
#include <string>

#include "cluster/core/config.hpp"
#include "cluster/core/moment.hpp"
#include "cluster/core/note.hpp"

namespace tasuki::core {

class RightWatch {
 public:
  // Whether the node may keep what it owns, as it is at `now`.
  void look(bool may_keep, Moment now, milliseconds grace);
  // The node leaves. When nobody may decide to hand over to, everything goes down here, whatever
  // right comes back.
  void leave(bool may_decide) { leaving_alone_ |= !may_decide; }

  // When to look again although nothing happened; nothing when there is no need to.
  [[nodiscard]] std::optional<Moment> deadline() const;
  // Everything goes down here.
  [[nodiscard]] bool isolated() const { return isolated_ || leaving_alone_; }

 private:
  std::optional<Moment> until_;  // while the right is lost
  bool isolated_ = false;
  bool leaving_alone_ = false;
};

// What a node that becomes isolated while it has groups tells people.
Note isolation_note(const std::string& node_name);

}  // namespace tasuki::core
