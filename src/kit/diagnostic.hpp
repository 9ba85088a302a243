// What is wrong in a file that people write, where, and what is expected instead. Every mistake is
// reported at once, so nothing here stops at the first.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki {

// One sentence about one line.
struct Diagnostic {
  std::string file;
  int line = 0;
  std::string what;
  std::string expected;
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// "FILE:LINE: what is wrong; what is expected", the form compilers use and editors jump to.
std::string to_text(const Diagnostic& diagnostic);
Json to_json(const Diagnostic& diagnostic);

// Collects what the checks find.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void mistake(int line, std::string what, std::string expected);
  // An Error that ends in "; what to do" is taken apart there; otherwise `expected` is used.
  void mistake(int line, const Error& error, std::string expected);
  void warning(int line, std::string what, std::string expected);

  // By line; those of one line in the order they were found.
  [[nodiscard]] const std::vector<Diagnostic>& mistakes() const { return mistakes_; }
  [[nodiscard]] const std::vector<Diagnostic>& warnings() const { return warnings_; }

 private:
  std::string file_;
  std::vector<Diagnostic> mistakes_;
  std::vector<Diagnostic> warnings_;
};

// Values that must not occur twice: the second occurrence is a mistake that names the first's line.
class Unique {
 public:
  // `subject` is what the values are, as "node name".
  Unique(std::string subject, std::string expected)
      : subject_(std::move(subject)), expected_(std::move(expected)) {}

  // False when the value was there before.
  bool add(const std::string& value, int line, Report& report);

 private:
  std::string subject_;
  std::string expected_;
  std::map<std::string, int> first_lines_;
};

// `did you mean "policy"?` when a known word is near, else each of them once.
std::string suggest(std::string_view word, std::span<const std::string> known);

// "a", "b" or "c"
std::string quoted_list(std::span<const std::string> words);

}  // namespace tasuki
