// Power switching through any program that follows the fence-agents' API: options as "key=value"
// lines on standard input. Only `off` confirmed by a `status` that says off proves anything.
#pragma once

#include <string>
#include <vector>

#include "cluster/core/config.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::guard {

enum class Power { on, off };

// The agent's `status` of the node (exit 0: on, 2: off; anything else is an error).
Task<Result<Power>> power_status(core::FenceDevice device, std::string node_name);

// Switches the node off and asks until `status` says off, all within the device's limit. Success is
// the proof that the node does nothing more.
//
// Both are needed. `status` alone may speak of another plug, or of a board that lost its own power
// and calls every node off; the agent that was told to switch the node off and says that it did has
// at least reached the switch. `off` alone may mean that the switch took the order, and no more.
Task<Result<void>> prove_power_off(core::FenceDevice device, std::string node_name);

// The same with each level in turn until one gives the proof. The error tells every level's reason.
Task<Result<void>> prove_power_off(std::vector<core::FenceDevice> levels, std::string node_name);

// Runs the agent's `monitor`: whether the device would work when it is needed.
Task<Result<void>> monitor_power_device(core::FenceDevice device);

}  // namespace tasuki::guard
