// How this node is reset when it cannot let go. Named explicitly at the keeper's start, so that
// nothing resets a machine that was not meant to be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/process/protocol.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

class ResetMethod {
 public:
  ResetMethod() = default;
  ResetMethod(const ResetMethod&) = delete;
  ResetMethod& operator=(const ResetMethod&) = delete;
  virtual ~ResetMethod() = default;

  // The node is reset after `bound` at the latest, unless armed again or disarmed before, even if
  // this process or the whole kernel stands still by then. An error: it may not be.
  virtual Result<void> arm(milliseconds bound) = 0;
  virtual Result<void> disarm() = 0;
  // Resets the node now. Returns when that was asked for, or cannot be.
  virtual Result<void> reset(const std::string& reason) = 0;
  // Whether arm() also binds a kernel that stands still.
  [[nodiscard]] virtual bool outlives_kernel() const { return false; }
  // How often disarm() must be called while disarmed; none for never.
  [[nodiscard]] virtual std::optional<milliseconds> idle_interval() const { return {}; }
};

// Makes the method of `--reset METHOD`:
//   watchdog[:DEVICE]  a kernel watchdog (default /dev/watchdog), kernel's watchdog-api.rst
//   sysrq              /proc/sysrq-trigger; cannot act when the kernel stands still
//   simulated:SOCKET   the lab's watchdog outside of the node
//   none               only logs
Result<std::unique_ptr<ResetMethod>> make_reset_method(std::string_view method);

}  // namespace tasuki::process
