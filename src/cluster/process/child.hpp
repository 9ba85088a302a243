// How the keeper makes processes: born inside their cgroup, known by a pidfd, with nothing
// inherited but what was asked for.
#pragma once

#include <functional>
#include <sys/types.h>

#include "cluster/process/protocol.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

struct Child {
  pid_t pid = 0;
  Fd pidfd;   // readable when the process is gone
  Fd output;  // what it and its children print, both streams
  Fd report;  // see start_program and start_function
};

// Starts a program in the cgroup, as its user, in a session of its own. Its execution is not waited
// for, because the working directory may lie on a disk that hangs: `report` gives end of file when
// the program runs, and before that a sentence when it could not.
Result<Child> start_program(const Spawn& spawn, int cgroup_fd);

// Forks a child that calls `function` and ends, for work that may block for ever. `report` gives
// the error's sentence, or end of file at once after success.
Result<Child> start_function(const std::function<Result<void>()>& function);

// Takes the end of a child whose pidfd is readable.
ExitStatus reap(const Child& child);

// Ends the rests of processes whose parents died before them, which come to the keeper because it
// is a subreaper; leaves its own children to reap().
void reap_orphans(const std::function<bool(pid_t)>& is_own_child);

}  // namespace tasuki::process
