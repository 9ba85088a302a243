// Corosync's error codes as sentences.
#pragma once

#include <string>

#include <corosync/corotypes.h>
#include <fmt/format.h>

#include "kit/result.hpp"

namespace tasuki::membership {

// The failing half of a Result for a cs_error_t other than CS_OK. Says in words what a person can
// meet; corotypes.h has the meaning of any other number.
inline std::unexpected<Error> corosync_failure(const std::string& action, cs_error_t status) {
  switch (status) {
    case CS_ERR_LIBRARY:  // what libqb makes of every broken or refused connection
      return failure(action + ": Corosync is not running");
    case CS_ERR_TRY_AGAIN:
      return failure(action + ": Corosync is busy, as while it starts");
    case CS_ERR_ACCESS:
      return failure(action + ": Corosync allows it to root only");
    case CS_ERR_EXIST:
      return failure(action + ": Corosync still knows the last connection");
    default:
      return failure(fmt::format("{}: Corosync error {}", action, static_cast<int>(status)));
  }
}

}  // namespace tasuki::membership
