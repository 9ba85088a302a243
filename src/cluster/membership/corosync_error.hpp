// Corosync's error codes as sentences.
#pragma once

#include <string>

#include <corosync/corotypes.h>

#include "kit/result.hpp"

namespace tasuki::membership {

// The failing half of a Result for a cs_error_t other than CS_OK.
inline std::unexpected<Error> corosync_failure(const std::string& action, cs_error_t status) {
  // A refused connection comes as CS_ERR_LIBRARY, with no better name in cs_strerror().
  if (status == CS_ERR_LIBRARY) return failure(action + ": Corosync does not answer", status);
  return failure(action + ": " + cs_strerror(status), status);
}

}  // namespace tasuki::membership
