#include "kit/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tasuki {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: this must hold and does not: %s\n", file, line, expression);
  std::abort();
}

}  // namespace tasuki
