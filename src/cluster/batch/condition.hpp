// The comparisons of `if`.
#pragma once

#include <string_view>

#include "cluster/batch/syntax.hpp"

namespace tasuki::batch {

// EQU and its relatives compare numbers when both sides are numbers, text otherwise; == is always
// about text, quotes included.
bool compare(std::string_view left, Comparison comparison, std::string_view right,
             bool ignore_case);

}  // namespace tasuki::batch
