// The services and programs that a group's scripts start by ARM commands and net start, and what
// becomes of them when they end (docs/arm-commands.md). Pure: told what was asked, what happened
// and when, it returns what to do next.
//
// The rules it protects: what is watched and ends outside ARMKILL is never left lying; what is
// paused is never touched; nothing of it is left when the scripts have stopped.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cluster/core/ids.hpp"
#include "cluster/executor/time.hpp"
#include "kit/result.hpp"

namespace tasuki::executor {

// A program that ARMLOAD starts by its path.
struct Program {
  std::vector<std::string> command;
  std::string user;
  std::string working_directory;
  std::map<std::string, std::string> environment;  // of whoever called ARMLOAD
  friend bool operator==(const Program&, const Program&) = default;
};

// What is done when it ends outside ARMKILL.
enum class OnEnd {
  nothing,    // neither /M nor /R
  fail_over,  // /M
  restart,    // /R
};

// What was asked for by ARMLOAD, or by net start when it has no id.
struct WatchOrder {
  std::string id;
  std::variant<core::ServiceName, Program> what;
  std::string shown;  // what people call it
  OnEnd on_end = OnEnd::nothing;
  int restarts = 0;                               // /R: before the group fails over
  std::optional<std::chrono::hours> reset_after;  // /H: without it a restart counts for ever
  bool through_scripts = false;                   // /SCR
  Time wait{};                                    // /WAIT: before a restart
  Time interval{};                                // /INT: between restarts that did not succeed
  bool take_running = false;                      // /A: a service that runs already is fine
  friend bool operator==(const WatchOrder&, const WatchOrder&) = default;
};

struct Pause {
  std::optional<Time> until;  // none: until it is continued
  friend bool operator==(const Pause&, const Pause&) = default;
};

enum class WatchPhase { starting, running, waiting, stopping, stopped };
const char* to_text(WatchPhase phase);

// How often something was restarted, as far as it counts.
struct Restarts {
  int count = 0;
  Time last{};
  friend bool operator==(const Restarts&, const Restarts&) = default;
};
using CarriedRestarts = std::map<std::string, Restarts>;  // by the id in lower case

// One service or program of the group.
struct Watch {
  enum class Wish { up, down, gone };
  uint64_t serial = 0;  // names it, whatever its id
  WatchOrder order;
  WatchPhase phase = WatchPhase::stopped;
  Wish wish = Wish::up;
  bool loading = true;  // it never ran
  std::optional<Pause> pause;
  Restarts restarts;
  Time due{};                    // of the next start, while waiting for it
  std::optional<int> exit_code;  // of its last end
  friend bool operator==(const Watch&, const Watch&) = default;
};

// What the caller is to do. At most one start or stop of each is under way at any time; its end is
// told by started() and stopped().
struct StartWatched {
  uint64_t serial;
  friend bool operator==(const StartWatched&, const StartWatched&) = default;
};
struct StopWatched {
  uint64_t serial;
  friend bool operator==(const StopWatched&, const StopWatched&) = default;
};
// The group's scripts have failed, and with them the group.
struct FailGroup {
  std::string why;
  friend bool operator==(const FailGroup&, const FailGroup&) = default;
};
// The stop script and the start script run once more.
struct RunScriptsAgain {
  std::string why;
  friend bool operator==(const RunScriptsAgain&, const RunScriptsAgain&) = default;
};
struct Tell {
  std::string text;
  friend bool operator==(const Tell&, const Tell&) = default;
};
using WatchEffect = std::variant<StartWatched, StopWatched, FailGroup, RunScriptsAgain, Tell>;
using WatchEffects = std::vector<WatchEffect>;

class Watches {
 public:
  // Starts it and watches it from then on; or why not. The id is free in the cluster.
  Result<WatchEffects> load(WatchOrder order);
  // Ends the watching of an id and what it watched; ENOENT when there is none.
  Result<WatchEffects> kill(const std::string& id);
  // It may stop and start freely until it is continued or the limit has passed.
  Result<WatchEffects> pause(const std::string& id, std::optional<Time> limit, Time now);
  Result<WatchEffects> resume(const std::string& id, Time now);
  // net stop: EALREADY when it does not run.
  Result<WatchEffects> stop_service(const core::ServiceName& service);

  // The start or stop under way has ended.
  WatchEffects started(uint64_t serial, const Result<void>& result, Time now);
  WatchEffects stopped(uint64_t serial, const Result<void>& result, Time now);
  // What ran has ended by itself; a service has no exit code of interest.
  WatchEffects ended(uint64_t serial, const std::string& why, std::optional<int> exit_code,
                     Time now);
  WatchEffects time_passed(Time now);
  [[nodiscard]] std::optional<Time> next_deadline() const;

  // From now on ends are no faults: the stop script is about to run.
  void scripts_stop() { watching_ = false; }
  void scripts_start() { watching_ = true; }
  // Ends one after the other, the last first, until empty().
  WatchEffects stop_all();
  // Nothing of the group lives any more, whatever was under way.
  void clear();

  [[nodiscard]] bool empty() const { return watches_.empty(); }
  [[nodiscard]] const std::vector<Watch>& all() const { return watches_; }  // oldest first
  // nullptr when there is none.
  [[nodiscard]] const Watch* find(uint64_t serial) const;
  [[nodiscard]] const Watch* find_id(const std::string& id) const;
  [[nodiscard]] const Watch* find_service(const core::ServiceName& service) const;

  // For the note that outlives tasukid, and from it. What was found running is watched again; of
  // the rest the end is made up for.
  [[nodiscard]] const CarriedRestarts& carried() const { return carried_; }
  WatchEffects adopt(std::vector<Watch> watches, CarriedRestarts carried,
                     const std::vector<uint64_t>& running, Time now);

 private:
  Watch* find_mutable(uint64_t serial);
  Watch* find_id_mutable(const std::string& id);
  Result<WatchEffects> load_again(Watch& known, const WatchOrder& order);
  void advance(uint64_t serial, WatchEffects& effects);
  void rest(uint64_t serial, const std::string& why, Time wait, Time now, WatchEffects& effects);
  void react(Watch& watch, const std::string& why, Time wait, Time now, WatchEffects& effects);
  void restart(Watch& watch, const std::string& why, Time wait, Time now, WatchEffects& effects);
  void end_pause(Watch& watch, Time now, WatchEffects& effects);
  void end_next(WatchEffects& effects);
  [[nodiscard]] bool is_watched(const Watch& watch) const;
  void erase(uint64_t serial);

  std::vector<Watch> watches_;
  // Of what is restarted through the scripts: they end its watch and make a new one.
  CarriedRestarts carried_;
  uint64_t next_serial_ = 1;
  bool watching_ = true;
  bool ending_ = false;
};

}  // namespace tasuki::executor
