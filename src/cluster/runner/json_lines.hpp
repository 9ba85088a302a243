// Records in a file, one line of JSON each, of which the newest stay in memory.
#pragma once

#include <deque>
#include <string>

#include "kit/json.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

// The file is turned over when it gets long; one older file is kept beside it. What is recorded is
// for people: a line that a power cut tore is left out, and a disk that is full is no failure. A
// disk that hangs holds nobody up: a thread of its own writes.
class JsonLines {
 public:
  // Goes on with what is in the file; at most `most` records stay in memory.
  JsonLines(std::string file, size_t most);
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;
  ~JsonLines();  // waits until all is written

  void add(Json record);
  [[nodiscard]] const std::deque<Json>& records() const { return records_; }  // newest last

 private:
  void remember(Json record);

  std::string file_;
  size_t most_;
  size_t bytes_ = 0;  // in the file when all is written
  std::deque<Json> records_;
  asio::thread_pool writer_{1};
};

}  // namespace tasuki::runner
