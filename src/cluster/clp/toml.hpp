// A configuration as it is written, with comments that say where each setting came from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/clp/document.hpp"

namespace tasuki::clp {

// "\"a \\\"b\\\"\"", a basic string of TOML. The text has no control characters.
std::string toml_string(std::string_view text);
std::string toml_array(const std::vector<std::string>& texts);

// "resource/fip@fip1 (line 51)"
std::string origin(const Element& element);

class Toml {
 public:
  void blank() { text_ += '\n'; }
  void comment(std::string_view line);
  void header(std::string_view header);
  // `value` is TOML already; `remark` becomes a comment behind it.
  void set(std::string_view key, std::string_view value, std::string_view remark = "");
  // The value of an element as a string.
  void set_text(std::string_view key, const Element& element);
  void append(const Toml& other) { text_ += other.text_; }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Gives out names as Tasuki takes them, each once.
class Names {
 public:
  // The name itself where it is one; else what is left of it without other characters, or `stem`
  // and a number when that is nothing, or is too much to tell it from another one.
  std::string give(std::string_view wanted, const std::string& stem);

 private:
  std::map<std::string, int, std::less<>> given_;
};

}  // namespace tasuki::clp
