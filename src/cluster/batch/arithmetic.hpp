// The numbers of `set /a` and of `if`'s comparisons: 32 bits with a sign, decimal, 0x17 or 021.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tasuki::batch {

// The whole text as a number, for if: what is none is compared as text.
std::optional<int32_t> whole_number(std::string_view text);

// The number that the text begins with, 0 when it does not, as `exit` and `if errorlevel` take it.
int32_t leading_number(std::string_view text);

// The variables of an expression.
struct Variables {
  // An undefined one is 0.
  std::function<std::optional<std::string>(std::string_view name)> find;
  std::function<void(std::string_view name, int32_t value)> set;
};

struct Calculated {
  int32_t value = 0;                 // of the last expression between commas
  std::optional<std::string> fault;  // what cmd.exe says
  int errorlevel = 0;                // what cmd.exe sets with it
};

// In the order of C: ( ), ! ~ -, * / %, + -, << >>, &, ^, |, = and its relatives, comma. What
// overflows wraps around.
Calculated calculate(std::string_view expression, const Variables& variables);

}  // namespace tasuki::batch
