// The disk that a node's state file is on: writes end in order, each after its time, and a power
// cut loses those that have not ended; the one under way may have arrived.
#pragma once

#include <deque>
#include <string>

#include "cluster/simulation/hardware.hpp"

namespace tasuki::simulation {

class StateDisk {
 public:
  enum class Health { works, slow, hangs };

  StateDisk(Surroundings& around, Hardware& hardware) : around_(around), hardware_(hardware) {}

  [[nodiscard]] const std::string& content() const { return content_; }
  void set_content(std::string content) { content_ = std::move(content); }
  // Replaces the content durably; `written` is called while `writer` lasts.
  void write(std::string content, const Life& writer, Act written);
  void set_health(Health health);
  // The writer is gone, or the power is.
  void lose_writes();

 private:
  struct Write {
    std::string content;
    Life writer;
    Act written;
  };
  void begin();

  Surroundings& around_;
  Hardware& hardware_;
  std::string content_;
  Health health_ = Health::works;
  std::deque<Write> writes_;
  Life under_way_;  // the write at the front
  bool busy_ = false;
};

}  // namespace tasuki::simulation
