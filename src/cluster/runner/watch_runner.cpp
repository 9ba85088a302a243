#include "cluster/runner/watch_runner.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "cluster/resource/service/service.hpp"
#include "cluster/runner/clock.hpp"

namespace tasuki::runner {

using core::milliseconds;
using executor::Watch;
using executor::WatchPhase;
using namespace std::chrono_literals;

namespace {

// The members answer in a ring's turn; while they find each other anew it takes longer.
constexpr milliseconds kClaimLimit = 10s;
// On top of a service's own limit: killing what is left of it.
constexpr milliseconds kKillTime = 10s;

}  // namespace

// The adapter of one watch, and what it tells.
struct WatchRunner::Running {
  std::unique_ptr<resource::Resource> adapter;
  core::Service service;
  std::optional<process::ExitStatus> exit;
  bool busy = false;                 // an operation is under way
  std::optional<Result<void>> last;  // how the last start ended
};

WatchRunner::WatchRunner(WatchContext context)
    : context_(std::move(context)), timer_(context_.io) {}

void WatchRunner::close() {
  open_ = false;
  timer_.cancel();
  // What waits in a handler may hold this longer than the keeper's client lives.
  std::erase_if(running_, [](const auto& entry) { return !entry.second->busy; });
}

// --- What is asked ------------------------------------------------------------------------------

Task<Result<void>> WatchRunner::load(std::shared_ptr<WatchRunner> self,
                                     executor::WatchOrder order) {
  if (!order.id.empty() && self->machine_.find_id(order.id) == nullptr)
    if (auto claimed = co_await self->claim(order.id); !claimed) co_return claimed;
  auto effects = self->machine_.load(std::move(order));
  if (!effects) co_return failure(effects.error());
  if (effects->empty()) {
    self->perform({});
    co_return Result<void>{};
  }
  const uint64_t serial = std::get<executor::StartWatched>(effects->front()).serial;
  self->perform(*effects);
  const auto running = self->running_.at(serial);
  // The adapter keeps the service's own limit.
  while (self->open_ && running->busy) co_await self->context_.wait_for_change(kClaimLimit);
  if (!running->last) co_return failure("the group stopped meanwhile", ECANCELED);
  co_return *running->last;
}

// An id is the group's when all members have heard of it before another group took it.
Task<Result<void>> WatchRunner::claim(std::string id) {
  const Moment deadline = now() + kClaimLimit;
  claims_.push_back({id, "", "starting", false, "", 0});
  changed();
  Result<void> outcome = failure("the servers did not agree on the id in time", ETIMEDOUT);
  while (open_ && now() < deadline) {
    if (const auto owned = context_.owns_id(id)) {
      outcome = *owned;
      break;
    }
    co_await context_.wait_for_change(std::chrono::ceil<milliseconds>(deadline - now()));
  }
  std::erase_if(claims_, [&](const core::WatchReport& claim) { return claim.id == id; });
  if (!outcome) changed();
  co_return outcome;
}

Task<Result<void>> WatchRunner::kill(std::shared_ptr<WatchRunner> self, std::string id) {
  const Watch* watch = self->machine_.find_id(id);
  const uint64_t serial = watch == nullptr ? 0 : watch->serial;
  const auto effects = self->machine_.kill(id);
  if (!effects) co_return failure(effects.error());
  self->perform(*effects);
  while (self->open_ && self->machine_.find(serial) != nullptr)
    co_await self->context_.wait_for_change(kClaimLimit);
  co_return Result<void>{};
}

Task<Result<void>> WatchRunner::stop_service(std::shared_ptr<WatchRunner> self,
                                             core::ServiceName service) {
  const auto effects = self->machine_.stop_service(service);
  if (!effects) co_return failure(effects.error());
  self->perform(*effects);
  const auto stops = [&] {
    const Watch* watch = self->machine_.find_service(service);
    return watch != nullptr &&
           (watch->phase == WatchPhase::stopping || watch->wish == Watch::Wish::down) &&
           watch->phase != WatchPhase::stopped;
  };
  while (self->open_ && stops()) co_await self->context_.wait_for_change(kClaimLimit);
  co_return Result<void>{};
}

Result<void> WatchRunner::pause(const std::string& id, std::optional<milliseconds> limit) {
  const auto effects = machine_.pause(id, limit, machine_time());
  if (!effects) return failure(effects.error());
  perform(*effects);
  return {};
}

Result<void> WatchRunner::resume(const std::string& id) {
  const auto effects = machine_.resume(id, machine_time());
  if (!effects) return failure(effects.error());
  perform(*effects);
  return {};
}

// Each stop has its own limit, after which the keeper kills; a keeper that cannot leaves nothing to
// be proved.
Task<Result<void>> WatchRunner::end_all() {
  const Moment deadline = now() + end_limit();
  perform(machine_.stop_all());
  while (open_ && !machine_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - now());
    if (left.count() <= 0)
      co_return failure(fmt::format("{} does not end", machine_.all().back().order.shown));
    co_await context_.wait_for_change(left);
  }
  co_return Result<void>{};
}

void WatchRunner::clear() {
  machine_.clear();
  claims_.clear();
  adopted_.clear();
  timer_.cancel();
  forget_ended();
}

milliseconds WatchRunner::end_limit() const {
  milliseconds limit{};
  for (const Watch& watch : machine_.all()) limit += stop_limit(watch);
  return limit;
}

milliseconds WatchRunner::stop_limit(const Watch& watch) const {
  const milliseconds start =
      watch.phase == WatchPhase::starting ? service_of(watch).start_limit : milliseconds{};
  return start + service_of(watch).stop_limit + kKillTime;
}

// --- What is done -------------------------------------------------------------------------------

void WatchRunner::perform(const executor::WatchEffects& effects) {
  struct Performer {
    WatchRunner& self;
    void operator()(const executor::StartWatched& wanted) const {
      self.running(*self.machine_.find(wanted.serial))->busy = true;
      start_task(self.context_.io.get_executor(), start(self.shared_from_this(), wanted.serial));
    }
    void operator()(const executor::StopWatched& wanted) const {
      self.running(*self.machine_.find(wanted.serial))->busy = true;
      start_task(self.context_.io.get_executor(), stop(self.shared_from_this(), wanted.serial));
    }
    void operator()(const executor::FailGroup& fail) const { self.context_.fail_group(fail.why); }
    void operator()(const executor::RunScriptsAgain& again) const {
      self.context_.run_scripts_again(again.why);
    }
    void operator()(const executor::Tell& tell) const { self.context_.note(tell.text); }
  };
  if (!open_) return;
  // What is remembered before a start is found again after a crash in the middle of it.
  changed();
  for (const executor::WatchEffect& effect : effects) std::visit(Performer{*this}, effect);
  set_timer();
  // Not now: the one that has ended may be what called this.
  asio::post(context_.io, [self = shared_from_this()] { self->forget_ended(); });
}

Task<void> WatchRunner::start(std::shared_ptr<WatchRunner> self, uint64_t serial) {
  if (!self->open_) co_return;
  const auto running = self->running_.at(serial);
  running->exit.reset();
  running->last.reset();
  resource::StepOptions options{.environment = self->context_.environment(),
                                .start_limit = running->service.start_limit,
                                .stop_limit = running->service.stop_limit};
  const auto result = co_await running->adapter->start(std::move(options));
  self->finish_start(serial, result);
}

void WatchRunner::finish_start(uint64_t serial, const Result<void>& result) {
  const auto running = running_.at(serial);
  running->busy = false;
  const Watch* watch = machine_.find(serial);
  if (!open_ || watch == nullptr) return;
  const bool program = std::holds_alternative<executor::Program>(watch->order.what);
  // A program that was executed and is over already did start.
  const bool quick = !result && program && running->exit;
  running->last = quick ? Result<void>{} : result;
  perform(machine_.started(serial, *running->last, machine_time()));
  if (quick) ended(serial, process::describe(*running->exit));
}

Task<void> WatchRunner::stop(std::shared_ptr<WatchRunner> self, uint64_t serial) {
  if (!self->open_) co_return;
  const auto running = self->running_.at(serial);
  const auto result = co_await running->adapter->stop(
      {.environment = {}, .stop_limit = running->service.stop_limit});
  running->busy = false;
  if (!self->open_ || self->machine_.find(serial) == nullptr) co_return;
  self->perform(self->machine_.stopped(serial, result, machine_time()));
}

void WatchRunner::ended(uint64_t serial, const std::string& why) {
  const Watch* watch = machine_.find(serial);
  if (!open_ || watch == nullptr) return;
  const auto running = running_.at(serial);
  std::optional<int> code;
  if (running->exit)
    code = running->exit->how == process::ExitStatus::How::code ? running->exit->value
                                                                : 128 + running->exit->value;
  perform(machine_.ended(serial, why, code, machine_time()));
}

std::shared_ptr<WatchRunner::Running> WatchRunner::running(const Watch& watch) {
  auto& running = running_[watch.serial];
  if (running) return running;
  running = std::make_shared<Running>();
  running->service = service_of(watch);
  resource::ServiceSettings settings{context_.keeper, context_.group, running->service,
                                     context_.default_address};
  settings.on_exit = [weak = std::weak_ptr(running)](process::ExitStatus status) {
    if (const auto alive = weak.lock()) alive->exit = status;
  };
  // What a program is given by its caller is as it is meant.
  if (std::holds_alternative<core::ServiceName>(watch.order.what))
    settings.resolve = context_.resolve;
  const std::string name = running->service.name.value;
  running->adapter = resource::make_service(
      std::move(settings),
      [weak = weak_from_this(), serial = watch.serial, name](const std::string& why) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        // The service's own name is said by whoever tells of it.
        self->ended(serial, why.starts_with(name + " ") ? why.substr(name.size() + 1) : why);
      });
  return running;
}

// A program is a service without a definition.
core::Service WatchRunner::service_of(const Watch& watch) const {
  if (const auto* name = std::get_if<core::ServiceName>(&watch.order.what))
    if (const core::Service* known = context_.config().find_service(*name)) return *known;
  const auto running = running_.find(watch.serial);
  if (running != running_.end() && running->second->adapter) return running->second->service;
  core::Service service;
  service.name = core::ServiceName{fmt::format("program-{}", watch.serial)};
  if (const auto* program = std::get_if<executor::Program>(&watch.order.what)) {
    service.command = program->command;
    service.user = program->user;
    service.working_directory = program->working_directory;
    service.environment = program->environment;
  }
  return service;
}

void WatchRunner::forget_ended() {
  std::erase_if(running_, [this](const auto& entry) {
    return !entry.second->busy && machine_.find(entry.first) == nullptr;
  });
}

void WatchRunner::set_timer() {
  const auto deadline = machine_.next_deadline();
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(Moment(std::chrono::duration_cast<Moment::duration>(*deadline)));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code stopped) {
    const auto self = weak.lock();
    if (!stopped && self != nullptr && self->open_)
      self->perform(self->machine_.time_passed(machine_time()));
  });
}

void WatchRunner::changed() {
  if (open_) context_.changed();
}

// --- What is remembered and reported ------------------------------------------------------------

Task<void> WatchRunner::adopt(executor::KeptWatches kept) {
  std::vector<uint64_t> found;
  for (const Watch& watch : kept.watches) {
    const auto up = co_await running(watch)->adapter->adopt();
    if (up && *up) found.push_back(watch.serial);
  }
  adopted_ =
      machine_.adopt(std::move(kept.watches), std::move(kept.carried), found, machine_time());
}

void WatchRunner::go_on() {
  if (machine_.empty() && adopted_.empty()) return;
  perform(std::exchange(adopted_, {}));
}

std::vector<core::WatchReport> WatchRunner::reports() const {
  std::vector<core::WatchReport> reports;
  for (const Watch& watch : machine_.all()) {
    core::WatchReport report{
        watch.order.id,      watch.order.shown, to_text(watch.phase), watch.pause.has_value(), "",
        watch.restarts.count};
    if (watch.pause && watch.pause->until)
      report.paused_until =
          time_of_day(std::chrono::system_clock::now() + (*watch.pause->until - machine_time()));
    reports.push_back(std::move(report));
  }
  std::ranges::copy(claims_, std::back_inserter(reports));
  return reports;
}

}  // namespace tasuki::runner
