// Environment variables: names without regard to case, values as they were set.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::batch {

struct Variable {
  std::string name;  // as it was first written
  std::string value;
  friend bool operator==(const Variable&, const Variable&) = default;
};

class Environment {
 public:
  // nullptr when it is not defined.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // An empty value removes the variable: in cmd.exe no variable can be empty.
  void set(std::string_view name, std::string value);

  // By name.
  [[nodiscard]] std::vector<Variable> variables() const;
  [[nodiscard]] std::vector<Variable> starting_with(std::string_view start) const;

  friend bool operator==(const Environment&, const Environment&) = default;

 private:
  std::map<std::string, Variable, std::less<>> by_lower_name_;
};

}  // namespace tasuki::batch
