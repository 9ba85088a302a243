// Power switching through any program that follows the fence-agents' API: options as "key=value"
// lines on standard input. Only `off` confirmed by a `status` that says off proves anything.
#pragma once

#include <string>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::guard {

enum class Power { on, off };

// The agent's `status` of the node (exit 0: on, 2: off; anything else is an error).
Task<Result<Power>> power_status(core::FenceDevice device, std::string node_name);

// Switches the node off and asks until `status` says off, within the device's limit. Success is the
// proof that the node does nothing more.
Task<Result<void>> prove_power_off(core::FenceDevice device, std::string node_name);

// Runs the agent's `monitor`: whether the device would work when it is needed.
Task<Result<void>> monitor_power_device(core::FenceDevice device);

}  // namespace tasuki::guard
