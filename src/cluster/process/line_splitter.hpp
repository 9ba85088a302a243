// Cuts what a process prints into lines. A line without end is cut at a limit, so that a process
// cannot fill the keeper's memory.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace tasuki::process {

class LineSplitter {
 public:
  static constexpr size_t kLineBytesMax = 4096;

  // Takes in the next bytes and calls `on_line` for each line that is complete or too long.
  template <class OnLine>
  void take(std::string_view bytes, OnLine on_line) {
    while (!bytes.empty()) {
      const std::string_view room = bytes.substr(0, kLineBytesMax - rest_.size());
      const size_t end = room.find('\n');
      rest_ += room.substr(0, end);
      bytes.remove_prefix(std::min(bytes.size(), end == room.npos ? room.size() : end + 1));
      if (end != room.npos || rest_.size() == kLineBytesMax) give(on_line);
    }
  }

  // Gives what came after the last line's end, if anything.
  template <class OnLine>
  void finish(OnLine on_line) {
    if (!rest_.empty()) give(on_line);
  }

 private:
  template <class OnLine>
  void give(OnLine& on_line) {
    on_line(std::string_view(rest_));
    rest_.clear();
  }

  std::string rest_;
};

}  // namespace tasuki::process
