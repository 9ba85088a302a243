// A file on a node's disk: writes end in order, each after its time, and a power cut loses those
// that have not ended. Of the one under way a replacement may have arrived, of what was appended
// any part from its beginning.
#pragma once

#include <deque>
#include <string>

#include "cluster/simulation/hardware.hpp"

namespace tasuki::simulation {

class DiskFile {
 public:
  enum class Health { works, slow, hangs };

  DiskFile(Surroundings& around, Hardware& hardware) : around_(around), hardware_(hardware) {}

  [[nodiscard]] const std::string& content() const { return content_; }
  // What is behind so many bytes makes no sense and is written over.
  void cut_to(size_t bytes) { content_.resize(bytes); }
  // Durably; `written` is called while `writer` lasts.
  void replace(std::string content, const Life& writer, Act written);
  void append(std::string bytes, const Life& writer, Act written);
  void set_health(Health health);
  // The writer is gone, or the power is.
  void lose_writes();

 private:
  struct Write {
    bool replaces = false;
    std::string bytes;
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
