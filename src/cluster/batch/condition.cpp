#include "cluster/batch/condition.hpp"

#include <compare>

#include "cluster/batch/arithmetic.hpp"
#include "cluster/batch/words.hpp"

namespace tasuki::batch {
namespace {

std::strong_ordering order(std::string_view left, std::string_view right, bool ignore_case) {
  const auto left_number = whole_number(left);
  const auto right_number = whole_number(right);
  if (left_number && right_number) return *left_number <=> *right_number;
  return ignore_case ? lower(left) <=> lower(right) : left <=> right;
}

}  // namespace

bool compare(std::string_view left, Comparison comparison, std::string_view right,
             bool ignore_case) {
  if (comparison == Comparison::equal_text)
    return ignore_case ? same_name(left, right) : left == right;
  const auto ordering = order(left, right, ignore_case);
  switch (comparison) {
    case Comparison::equal:
      return ordering == 0;
    case Comparison::not_equal:
      return ordering != 0;
    case Comparison::less:
      return ordering < 0;
    case Comparison::less_or_equal:
      return ordering <= 0;
    case Comparison::greater:
      return ordering > 0;
    default:
      return ordering >= 0;
  }
}

}  // namespace tasuki::batch
