#include "cluster/executor/watches.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::executor {
namespace {

using Wish = Watch::Wish;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool runs_or_starts(const Watch& watch) {
  return watch.phase == WatchPhase::starting || watch.phase == WatchPhase::running;
}

// A program that nobody has to restart stays only for its exit code.
bool is_over(const Watch& watch) {
  return watch.phase == WatchPhase::stopped && watch.order.on_end == OnEnd::nothing;
}

Error no_such_id(const std::string& id) {
  return {fmt::format("nothing is watched as {}", id), ENOENT};
}

}  // namespace

const char* to_text(WatchPhase phase) {
  switch (phase) {
    case WatchPhase::starting:
      return "starting";
    case WatchPhase::running:
      return "running";
    case WatchPhase::waiting:
      return "waiting";
    case WatchPhase::stopping:
      return "stopping";
    case WatchPhase::stopped:
      return "stopped";
  }
  return "";
}

// --- What is asked ------------------------------------------------------------------------------

Result<WatchEffects> Watches::load(WatchOrder order) {
  if (ending_)
    return failure("the group's scripts have stopped; what they started is ended", EBUSY);
  if (const Watch* known = find_id(order.id)) {
    if (!is_over(*known))
      return failure(fmt::format("the id {} is in use: {} is {}", order.id, known->order.shown,
                                 to_text(known->phase)),
                     EEXIST);
    erase(known->serial);
  }
  if (const auto* service = std::get_if<core::ServiceName>(&order.what))
    if (const Watch* known = find_service(*service))
      return load_again(*find_mutable(known->serial), order);
  Watch watch;
  watch.serial = next_serial_++;
  watch.order = std::move(order);
  if (const auto before = carried_.find(lower(watch.order.id)); before != carried_.end()) {
    watch.restarts = before->second;
    carried_.erase(before);
  }
  watches_.push_back(std::move(watch));
  WatchEffects effects;
  advance(watches_.back().serial, effects);
  return effects;
}

// A service that is known already: net start of one that rests, or ARMLOAD of one that net start
// has started.
Result<WatchEffects> Watches::load_again(Watch& known, const WatchOrder& order) {
  if (!order.id.empty() && !known.order.id.empty())
    return failure(fmt::format("{} is watched as {} already", known.order.shown, known.order.id),
                   EEXIST);
  const bool takes_over = !order.id.empty() && order.take_running;
  if (runs_or_starts(known)) {
    if (!takes_over)
      return failure(fmt::format("{} runs already{}", known.order.shown,
                                 order.id.empty() ? "" : "; /A takes it under watch as it is"),
                     EALREADY);
    known.order = order;
    return WatchEffects{};
  }
  if (known.phase == WatchPhase::stopping)
    return failure(fmt::format("{} is being stopped", known.order.shown), EBUSY);
  WatchEffects effects;
  known.phase = WatchPhase::stopped;
  known.wish = Wish::up;
  advance(known.serial, effects);
  return effects;
}

Result<WatchEffects> Watches::kill(const std::string& id) {
  Watch* watch = find_id_mutable(id);
  if (watch == nullptr) return failure(no_such_id(id));
  WatchEffects effects;
  watch->wish = Wish::gone;
  advance(watch->serial, effects);
  return effects;
}

Result<WatchEffects> Watches::pause(const std::string& id, std::optional<Time> limit, Time now) {
  Watch* watch = find_id_mutable(id);
  if (watch == nullptr) return failure(no_such_id(id));
  watch->pause = Pause{};
  if (limit) watch->pause->until = now + *limit;
  if (watch->phase == WatchPhase::waiting) {
    watch->phase = WatchPhase::stopped;
    watch->wish = Wish::down;
  }
  return WatchEffects{};
}

Result<WatchEffects> Watches::resume(const std::string& id, Time now) {
  Watch* watch = find_id_mutable(id);
  if (watch == nullptr) return failure(no_such_id(id));
  WatchEffects effects;
  if (watch->pause) end_pause(*watch, now, effects);
  return effects;
}

void Watches::end_pause(Watch& watch, Time now, WatchEffects& effects) {
  watch.pause.reset();
  if (watch.phase == WatchPhase::stopped)
    react(watch, "does not run when its watching goes on", watch.order.wait, now, effects);
}

Result<WatchEffects> Watches::stop_service(const core::ServiceName& service) {
  const Watch* known = find_service(service);
  if (known == nullptr || !runs_or_starts(*known))
    return failure(fmt::format("{} does not run", service), EALREADY);
  WatchEffects effects;
  find_mutable(known->serial)->wish = Wish::down;
  advance(known->serial, effects);
  return effects;
}

WatchEffects Watches::stop_all() {
  WatchEffects effects;
  ending_ = true;
  end_next(effects);
  return effects;
}

void Watches::clear() {
  watches_.clear();
  carried_.clear();
  watching_ = true;
  ending_ = false;
}

// --- What happened ------------------------------------------------------------------------------

WatchEffects Watches::started(uint64_t serial, const Result<void>& result, Time now) {
  Watch* watch = find_mutable(serial);
  TASUKI_ASSERT(watch != nullptr && watch->phase == WatchPhase::starting);
  WatchEffects effects;
  watch->phase = result ? WatchPhase::running : WatchPhase::stopped;
  if (result) watch->loading = false;
  if (result || watch->wish != Wish::up)
    advance(serial, effects);
  else
    rest(serial, "cannot be started: " + result.error().what, watch->order.interval, now, effects);
  return effects;
}

WatchEffects Watches::stopped(uint64_t serial, const Result<void>& result, Time now) {
  Watch* watch = find_mutable(serial);
  TASUKI_ASSERT(watch != nullptr && watch->phase == WatchPhase::stopping);
  WatchEffects effects;
  if (!result) {
    effects.emplace_back(
        Tell{fmt::format("{} cannot be stopped: {}", watch->order.shown, result.error().what)});
    // What is left of it is killed with the rest of the group.
    if (!ending_) {
      watch->phase = WatchPhase::running;
      watch->wish = Wish::up;
      return effects;
    }
  }
  watch->phase = WatchPhase::stopped;
  if (watch->wish == Wish::down)
    rest(serial, "was stopped outside ARMKILL", watch->order.wait, now, effects);
  else
    advance(serial, effects);
  return effects;
}

WatchEffects Watches::ended(uint64_t serial, const std::string& why, std::optional<int> exit_code,
                            Time now) {
  WatchEffects effects;
  Watch* watch = find_mutable(serial);
  if (watch == nullptr || watch->phase != WatchPhase::running) return effects;
  watch->phase = WatchPhase::stopped;
  watch->exit_code = exit_code;
  rest(serial, why, watch->order.wait, now, effects);
  return effects;
}

WatchEffects Watches::time_passed(Time now) {
  WatchEffects effects;
  const std::vector<Watch> before = watches_;
  for (const auto& [serial, order, phase, wish, loading, pause, restarts, due, code] : before) {
    if (phase == WatchPhase::waiting && due <= now) {
      Watch& watch = *find_mutable(serial);
      watch.phase = WatchPhase::stopped;
      watch.wish = Wish::up;
      advance(serial, effects);
    }
    if (pause && pause->until && *pause->until <= now) {
      effects.emplace_back(Tell{fmt::format("the pause of {} has run out", order.id)});
      end_pause(*find_mutable(serial), now, effects);
    }
  }
  return effects;
}

std::optional<Time> Watches::next_deadline() const {
  std::optional<Time> next;
  const auto earlier = [&next](Time time) { next = next ? std::min(*next, time) : time; };
  for (const Watch& watch : watches_) {
    if (watch.phase == WatchPhase::waiting) earlier(watch.due);
    if (watch.pause && watch.pause->until) earlier(*watch.pause->until);
  }
  return next;
}

// --- What follows -------------------------------------------------------------------------------

void Watches::advance(uint64_t serial, WatchEffects& effects) {
  Watch& watch = *find_mutable(serial);
  if (watch.phase == WatchPhase::running && watch.wish != Wish::up) {
    watch.phase = WatchPhase::stopping;
    effects.emplace_back(StopWatched{serial});
  } else if (watch.phase == WatchPhase::stopped && watch.wish == Wish::up) {
    watch.phase = WatchPhase::starting;
    watch.exit_code.reset();
    effects.emplace_back(StartWatched{serial});
  } else if ((watch.phase == WatchPhase::stopped || watch.phase == WatchPhase::waiting) &&
             watch.wish == Wish::gone) {
    erase(serial);
    if (ending_) end_next(effects);
  }
}

// It has come to rest without having been killed.
void Watches::rest(uint64_t serial, const std::string& why, Time wait, Time now,
                   WatchEffects& effects) {
  Watch& watch = *find_mutable(serial);
  if (watch.wish == Wish::gone) return advance(serial, effects);
  watch.wish = Wish::down;
  if (is_watched(watch)) return react(watch, why, wait, now, effects);
  effects.emplace_back(Tell{fmt::format("{} {}", watch.order.shown, why)});
  if (watch.order.id.empty() || watch.loading) erase(serial);
}

void Watches::react(Watch& watch, const std::string& why, Time wait, Time now,
                    WatchEffects& effects) {
  if (!is_watched(watch)) return;
  if (watch.order.on_end == OnEnd::restart) return restart(watch, why, wait, now, effects);
  effects.emplace_back(FailGroup{fmt::format("{} {}", watch.order.shown, why)});
}

void Watches::restart(Watch& watch, const std::string& why, Time wait, Time now,
                      WatchEffects& effects) {
  const WatchOrder& order = watch.order;
  Restarts& restarts = watch.restarts;
  if (order.reset_after && now - restarts.last >= *order.reset_after) restarts.count = 0;
  if (restarts.count >= order.restarts) {
    effects.emplace_back(FailGroup{fmt::format("{} {}; it was started again {} times before",
                                               order.shown, why, restarts.count)});
    return;
  }
  ++restarts.count;
  restarts.last = now;
  const std::string text =
      fmt::format("{} {}; it is started again{}, {} of {} times", order.shown, why,
                  order.through_scripts ? " by the scripts" : "", restarts.count, order.restarts);
  effects.emplace_back(Tell{text});
  if (order.through_scripts) {
    carried_[lower(order.id)] = restarts;
    effects.emplace_back(RunScriptsAgain{text});
    return;
  }
  watch.wish = Wish::up;
  watch.phase = wait > Time{} ? WatchPhase::waiting : WatchPhase::stopped;
  watch.due = now + wait;
  if (watch.phase == WatchPhase::stopped) advance(watch.serial, effects);
}

void Watches::end_next(WatchEffects& effects) {
  while (!watches_.empty()) {
    Watch& last = watches_.back();
    last.wish = Wish::gone;
    const bool rests = last.phase == WatchPhase::stopped || last.phase == WatchPhase::waiting;
    if (!rests) return advance(last.serial, effects);
    watches_.pop_back();
  }
  ending_ = false;
}

bool Watches::is_watched(const Watch& watch) const {
  return watching_ && !ending_ && !watch.pause && watch.order.on_end != OnEnd::nothing;
}

// --- After a restart of tasukid -----------------------------------------------------------------

WatchEffects Watches::adopt(std::vector<Watch> watches, CarriedRestarts carried,
                            const std::vector<uint64_t>& running, Time now) {
  TASUKI_ASSERT(watches_.empty());
  watches_ = std::move(watches);
  carried_ = std::move(carried);
  WatchEffects effects;
  const std::vector<Watch> kept = watches_;
  for (const Watch& before : kept) {
    next_serial_ = std::max(next_serial_, before.serial + 1);
    Watch& watch = *find_mutable(before.serial);
    const bool runs = std::ranges::find(running, before.serial) != running.end();
    const bool rested = before.phase == WatchPhase::stopped || before.phase == WatchPhase::waiting;
    if (rested) continue;
    watch.phase = runs ? WatchPhase::running : WatchPhase::stopped;
    watch.loading = watch.loading && !runs;
    if (runs || watch.wish != Wish::up)
      advance(before.serial, effects);
    else
      rest(before.serial, "ended while tasukid was away", before.order.wait, now, effects);
  }
  return effects;
}

// --- Finding ------------------------------------------------------------------------------------

const Watch* Watches::find(uint64_t serial) const {
  const auto found = std::ranges::find(watches_, serial, &Watch::serial);
  return found == watches_.end() ? nullptr : &*found;
}

const Watch* Watches::find_id(const std::string& id) const {
  if (id.empty()) return nullptr;
  const auto found = std::ranges::find_if(
      watches_, [&](const Watch& watch) { return same_but_case(watch.order.id, id); });
  return found == watches_.end() ? nullptr : &*found;
}

const Watch* Watches::find_service(const core::ServiceName& service) const {
  const auto found = std::ranges::find_if(watches_, [&](const Watch& watch) {
    const auto* named = std::get_if<core::ServiceName>(&watch.order.what);
    return named != nullptr && *named == service;
  });
  return found == watches_.end() ? nullptr : &*found;
}

Watch* Watches::find_mutable(uint64_t serial) {
  const auto found = std::ranges::find(watches_, serial, &Watch::serial);
  return found == watches_.end() ? nullptr : &*found;
}

Watch* Watches::find_id_mutable(const std::string& id) {
  const Watch* found = find_id(id);
  return found == nullptr ? nullptr : find_mutable(found->serial);
}

void Watches::erase(uint64_t serial) {
  std::erase_if(watches_, [&](const Watch& watch) { return watch.serial == serial; });
}

}  // namespace tasuki::executor
