// What the runner can do with one resource of one group on this node. Each kind of resource is an
// adapter in a folder of its own below this one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/process/release.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// What one start or stop is told.
struct StepOptions {
  // Proof exists that no other node holds the resource: probes that only guard against a second
  // owner are skipped.
  bool old_owner_let_go = false;
  // What scripts and services see: ARMS_EVENT, CLP_EVENT and the group's own environment.
  std::map<std::string, std::string> environment;
  // How long starting and stopping may take; a start that fails may stop within the latter.
  std::chrono::milliseconds start_limit{30'000};
  std::chrono::milliseconds stop_limit{30'000};
};

// Called when a resource that is up is found broken; the reason is a sentence for a person. Called
// at most once for each start or adoption, never from inside start() or stop().
using FaultHandler = std::function<void(std::string reason)>;

// Calls do not overlap but for tell(), which a stop breaks off: the runner waits for one to end
// before it makes the next.
class Resource {
 public:
  Resource() = default;
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;
  virtual ~Resource() = default;

  // Brings it up and watches it from then on. On failure whatever was half done is undone; the code
  // ENOTRECOVERABLE says that it could not be.
  virtual Task<Result<void>> start(StepOptions options) = 0;

  // Takes it down. Success is a proof that this node has let go; fine when it was not up.
  virtual Task<Result<void>> stop(StepOptions options) = 0;

  // Something happened that only scripts care about: their start runs with the environment given
  // (RECOVER, or a partition that failed). Whether it fails changes nothing of what is up. A stop
  // meanwhile ends it first and returns after it.
  virtual Task<Result<void>> tell(StepOptions) { co_return Result<void>{}; }

  // After a restart of tasukid: takes over and watches what is already up; false when it is not.
  virtual Task<Result<bool>> adopt() = 0;

  // What the keeper must undo should it have to let go without tasukid. Asked before start().
  [[nodiscard]] virtual Result<std::vector<process::Release>> releases() const { return {}; }
};

}  // namespace tasuki::resource
