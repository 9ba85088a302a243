// Records in a file, one line of JSON each, of which the newest stay in memory.
#pragma once

#include <deque>
#include <string>

#include "kit/json.hpp"

namespace tasuki::runner {

// The file is turned over when it gets long; one older file is kept beside it. What is recorded is
// for people: a line that a power cut tore is left out, and a disk that is full is no failure.
class JsonLines {
 public:
  // Goes on with what is in the file; at most `most` records stay in memory.
  JsonLines(std::string file, size_t most);

  void add(Json record);
  [[nodiscard]] const std::deque<Json>& records() const { return records_; }  // newest last

 private:
  void remember(Json record);

  std::string file_;
  size_t most_;
  size_t bytes_ = 0;
  std::deque<Json> records_;
};

}  // namespace tasuki::runner
