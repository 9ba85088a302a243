// A compact binary form for messages and files: numbers as LEB128, texts behind their length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tasuki::settings {

class ByteWriter {
 public:
  void number(uint64_t value);
  void text(std::string_view value);
  void flag(bool value) { number(value ? 1 : 0); }
  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// What is not there or cannot be is read as zero or nothing, and remembered: whoever reads looks at
// read_all() before using any of it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  uint64_t number();
  std::string text();
  bool flag() { return number() != 0; }
  // How many things follow; each takes a byte at least, so there are not more than bytes.
  size_t count();
  // What was read means nothing.
  void fail() { failed_ = true; }
  // All of it made sense, and nothing is left.
  [[nodiscard]] bool read_all() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace tasuki::settings
