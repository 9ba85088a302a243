// Assertions that stay on in release builds: a node that stops is taken over by the next one, a
// node that goes on with a broken invariant may own what it must not.
#pragma once

namespace tasuki {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace tasuki

#define TASUKI_ASSERT(expression)                       \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::tasuki::assertion_failed(#expression, __FILE__, __LINE__))
