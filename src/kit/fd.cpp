#include "kit/fd.hpp"

#include <cstring>
#include <unistd.h>

namespace tasuki {

void Fd::reset() {
  // close(2): on Linux the descriptor is gone even when close reports EINTR, so it is not repeated.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::unexpected<Error> errno_failure(const std::string& action, int code) {
  return failure(action + ": " + std::strerror(code), code);
}

}  // namespace tasuki
