#include "cluster/core/right_watch.hpp"

namespace tasuki::core {

void RightWatch::look(bool may_keep, Moment now, milliseconds grace) {
  if (may_keep) {
    until_.reset();
    isolated_ = false;
    return;
  }
  if (!until_) until_ = now + grace;
  isolated_ = now >= *until_;
}

std::optional<Moment> RightWatch::deadline() const {
  return isolated() ? std::nullopt : until_;
}

Note isolation_note(const std::string& node_name) {
  return {Note::Level::error, "node " + node_name,
          "has no right to decide any more; its groups are stopped here"};
}

}  // namespace tasuki::core
