// Processes in namespaces of their own: starting one, and running a command in one from outside.
// The rule: no process outside a host's namespaces ever keeps its mounts or its processes alive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::lab {

struct Child {
  pid_t pid = 0;
  Fd pidfd;  // readable when it has ended, with everything in its PID namespace
};

// Forks into the new namespaces that `flags` (CLONE_NEW...) names, and into `cgroup` unless it is
// empty. The child runs `body` and exits with what that returns. The caller must have one thread.
Result<Child> start_in_namespaces(uint64_t flags, const std::string& cgroup,
                                  const std::function<int()>& body);

// Closes every descriptor but standard input, output, error and `keep`.
void keep_only(std::vector<Fd*> keep);

// Unblocks every signal and gives it back its default meaning.
void reset_signals();

// Gives up, for this process and all it starts, what could harm the machine under the lab: boot,
// kernel modules, clock, making devices.
Result<void> drop_machine_capabilities();

// Runs the command in the namespaces and the cgroup of the process behind `pidfd`, with this
// process's terminal, and returns its exit status as shells give it (128 + signal). The calling
// process must be about to end: its children are born in the host from then on.
Result<int> run_inside(int pidfd, const std::string& cgroup,
                       const std::vector<std::string>& command);

}  // namespace tasuki::lab
