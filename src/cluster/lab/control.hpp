// The requests of the CLI to a running lab: JSON objects, one per line, {"op": ...} and
// {"ok": true, ...} or {"ok": false, "error": "..."}.
//   status; kill, start, thaw {"host"}; freeze {"host", "paused"}; cut {"host", "other", "one_way"}
//   (without "other": the host alone); heal; down;
//   enter {"host"} -> {"cgroup"} and a pidfd of the host's first process (SCM_RIGHTS).
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/lab/line_server.hpp"
#include "cluster/lab/machine.hpp"
#include "cluster/lab/network.hpp"
#include "cluster/lab/places.hpp"
#include "kit/json.hpp"
#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::lab {

class Control {
 public:
  // `end_lab` is called for "down".
  Control(const Plan& plan, const Places& places, std::vector<std::unique_ptr<Machine>>& machines,
          std::function<void()> end_lab)
      : plan_(plan), places_(places), machines_(machines), end_lab_(std::move(end_lab)) {}

  Task<LineAnswer> answer(std::string line);

  // nullptr when there is none.
  Machine* find(const std::string& name);

 private:
  Task<Result<Json>> perform(Json request);
  Task<Result<Json>> perform_on(Machine& machine, std::string operation, Json request);
  Result<Json> cut(Machine& machine, const Json& request);
  Result<Json> heal();
  Result<Json> enter(Machine& machine);
  [[nodiscard]] Json status() const;

  const Plan& plan_;
  const Places& places_;
  std::vector<std::unique_ptr<Machine>>& machines_;
  std::function<void()> end_lab_;
  std::set<Cut> cuts_;
};

}  // namespace tasuki::lab
