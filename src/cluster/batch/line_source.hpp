// The characters of a statement, line after line, each expanded when it is reached: cmd.exe reads a
// block whole, with the variables as they are before its first command runs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/batch/expand.hpp"
#include "cluster/batch/script.hpp"
#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

using ExpandLine = std::function<Expansion(std::string_view line)>;

// What the lines of one statement may become together; so that a long block of long variables does
// not exhaust the memory.
inline constexpr size_t kStatementBytesMax = size_t{1024} * 1024;

class LineSource {
 public:
  // `first_line` is an index into the script's lines and not behind the last.
  LineSource(const Script& script, size_t first_line, const ExpandLine& expand);

  // The character at the place, '\n' at the line's end. advance() does not leave the line.
  [[nodiscard]] char peek() const { return position_ < text_.size() ? text_[position_] : '\n'; }
  void advance(size_t count = 1) { position_ = std::min(position_ + count, text_.size()); }
  [[nodiscard]] bool at_line_end() const { return position_ >= text_.size(); }
  [[nodiscard]] std::string_view rest() const { return std::string_view(text_).substr(position_); }
  void skip_line() { position_ = text_.size(); }
  // False at the end of the script, which ends a statement too.
  bool next_line();

  [[nodiscard]] int line() const { return static_cast<int>(index_) + 1; }
  [[nodiscard]] size_t next_index() const { return index_ + 1; }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  [[nodiscard]] bool needs_moment() const { return needs_moment_; }

  void fault(std::string what, std::string expected);
  // In an earlier line of the statement.
  void fault_in(int line, std::string what, std::string expected);
  [[nodiscard]] std::vector<Fault> take_faults() { return std::move(faults_); }

 private:
  void load();

  const Script& script_;
  const ExpandLine& expand_;
  size_t index_;
  std::string text_;
  size_t position_ = 0;
  size_t bytes_ = 0;
  bool needs_moment_ = false;
  std::vector<Fault> faults_;
};

}  // namespace tasuki::batch
