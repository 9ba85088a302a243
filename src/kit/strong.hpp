// Values of equal representation and different meaning: a node id is not a vote count.
#pragma once

#include <compare>
#include <ostream>
#include <utility>

#include <fmt/format.h>

namespace tasuki {

// Wraps T so that only equal tags compare. `value` is the way in and out.
template <class Tag, class T>
struct Strong {
  T value{};

  Strong() = default;
  explicit Strong(T initial) : value(std::move(initial)) {}
  friend auto operator<=>(const Strong&, const Strong&) = default;
  friend bool operator==(const Strong&, const Strong&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Strong& strong) {
    return out << strong.value;
  }
};

}  // namespace tasuki

template <class Tag, class T>
struct fmt::formatter<tasuki::Strong<Tag, T>> : fmt::formatter<T> {
  auto format(const tasuki::Strong<Tag, T>& strong, fmt::format_context& context) const {
    return fmt::formatter<T>::format(strong.value, context);
  }
};
