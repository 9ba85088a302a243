// Whether a node stood still for so long that the others may have gone on without it.
//
// The rule it protects: a node that slept does not know the newest state, however it looks to
// itself.
#pragma once

#include <optional>

#include "cluster/core/config.hpp"
#include "cluster/core/moment.hpp"

namespace tasuki::core {

// To be asked kLooksPerDetect times within `detect`, and before anything that was heard is acted
// upon.
class Wakefulness {
 public:
  // How often within `detect` a node that is awake looks at the clock.
  static constexpr int kLooksPerDetect = 4;

  // True when the last look is longer ago than others need to miss a node.
  bool overslept(Moment now, milliseconds detect) {
    const bool slept = last_ && now - *last_ > detect;
    last_ = now;
    return slept;
  }

 private:
  std::optional<Moment> last_;
};

}  // namespace tasuki::core
