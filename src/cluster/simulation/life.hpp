// Whether something that was started still lasts: a program, a connection, a power cycle. What was
// to happen in it does not happen after its end.
#pragma once

#include <memory>

namespace tasuki::simulation {

class Life {
 public:
  [[nodiscard]] bool lasts() const { return *lasts_; }
  void end() const { *lasts_ = false; }

 private:
  std::shared_ptr<bool> lasts_ = std::make_shared<bool>(true);
};

}  // namespace tasuki::simulation
