#include "cluster/runner/group_runner.hpp"

#include <algorithm>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <fmt/format.h>

#include "cluster/executor/step_limits.hpp"
#include "cluster/runner/adapters.hpp"
#include "cluster/runner/references.hpp"
#include "kit/duration.hpp"

namespace tasuki::runner {

using core::milliseconds;
using core::Note;
using executor::Disk;

namespace {

constexpr milliseconds kLookAgain{500};
// The keeper's own answers come in well under this.
constexpr milliseconds kCloseLimit{30'000};

// Whether the adapter made for one item also serves the other.
bool carries(const executor::Item& made_for, const executor::Item& item) {
  return made_for.resource.name == item.resource.name && !executor::needs_restart(made_for, item);
}

}  // namespace

struct GroupRunner::Operation {
  explicit Operation(asio::io_context& io) : limit(io) {}
  bool ended = false;
  asio::cancellation_signal cancel;
  asio::steady_timer limit;
};

GroupRunner::GroupRunner(GroupContext& context, executor::GroupSpec spec)
    : context_(context),
      configured_(std::move(spec)),
      machine_(configured_),
      suspension_timer_(context.io),
      watches_(std::make_shared<WatchRunner>(watch_context())) {}

GroupRunner::~GroupRunner() {
  *alive_ = false;
  watches_->close();
}

Task<void> GroupRunner::adopt(process::KeptGroup kept) {
  releases_ = std::move(kept.releases);
  if (const Json suspension = kept.note.value("suspension", Json()); suspension.is_object()) {
    suspension_ = Suspension{suspension.at("key"), suspension.at("reason"),
                             Moment(std::chrono::nanoseconds(suspension.at("until_ns")))};
    // Otherwise the programs that were on their way down are found out about with the rest.
    if (suspension.at("settled").get<bool>())
      machine_ = executor::GroupMachine(executor::without_programs(configured_));
  }
  if (const Json watches = kept.note.value("watches", Json()); watches.is_object()) {
    auto read = executor::watches_from_json(watches);
    if (!read) note(Note::Level::error, read.error().what);
    if (read) co_await watches_->adopt(std::move(*read));
  }
  std::vector<core::ResourceName> up;
  for (const executor::Item& item : machine_.spec().items) {
    const auto found = co_await adapter(item).adopt();
    if (!found)
      note(Note::Level::warning,
           fmt::format("{} cannot be examined: {}", item.resource.name, found.error().what));
    if (found && *found) up.push_back(item.resource.name);
  }
  perform(machine_.adopt(kept.note.value("ticket", uint64_t{0}), up));
  use_spec();
  set_suspension_timer();
}

Task<Result<void>> GroupRunner::clear_leftovers() {
  const auto items = machine_.spec().items;
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const bool held_by_kernel = std::holds_alternative<core::Partition>(item->resource.what) ||
                                std::holds_alternative<core::FloatingIp>(item->resource.what);
    if (!held_by_kernel) continue;
    auto stopped = co_await adapter(*item).stop(options(*item, core::Event::start, Disk::success));
    if (!stopped) co_return failure(stopped.error().during(item->resource.name.value));
  }
  co_return Result<void>{};
}

void GroupRunner::set_order(const executor::Order& order) {
  if (order != machine_.order()) {
    // A group that goes down comes up whole, wherever that is.
    if (!order.up) suspension_.reset();
    if (order.up && order.ticket != machine_.order().ticket) use_spec();
    perform(machine_.set_order(order));
  }
  if (!std::exchange(ordered_, true)) watches_->go_on();
}

void GroupRunner::set_spec(executor::GroupSpec spec) {
  configured_ = std::move(spec);
  use_spec();
}

void GroupRunner::perform(const std::vector<executor::Effect>& effects) {
  struct Performer {
    GroupRunner& self;
    void operator()(const core::Report& said) const {
      self.context_.report(self.complete(said.report));
      if (self.suspension_) self.save_note();
    }
    void operator()(const executor::StartStep& step) const {
      self.run_step(self.start(step), executor::start_backstop(step.item),
                    fmt::format("the start of {}", step.item.resource.name));
    }
    void operator()(const executor::StopStep& step) const {
      const bool scripts = std::holds_alternative<core::Scripts>(step.item.resource.what);
      const milliseconds watched = scripts ? self.watches_->end_limit() : milliseconds{};
      self.run_step(self.stop(step), executor::stop_backstop(step.item) + watched,
                    fmt::format("the stop of {}", step.item.resource.name));
    }
    void operator()(const executor::RecoverTask& task) const {
      self.note(Note::Level::info, "its scripts are told that a lost server is back");
      start_task(self.context_.io.get_executor(), self.recover(task));
    }
    void operator()(const executor::Mending& mending) const {
      self.note(Note::Level::info, fmt::format("{}: is started again here, {} of {} times",
                                               mending.resource, mending.attempt, mending.limit));
    }
    void operator()(const executor::TellStep& step) const {
      self.run_step(self.tell(step), executor::start_backstop(step.item),
                    fmt::format("telling {}", step.item.resource.name));
    }
    void operator()(const executor::CloseStep&) const {
      self.run_step(self.close(), kCloseLimit, "the end of the group");
    }
    void operator()(const executor::ResetNode& reset) const {
      self.note(Note::Level::error, reset.why + "; this node resets itself");
      self.context_.reset_node(fmt::format("group {}: {}", self.machine_.spec().name, reset.why));
    }
  };
  for (const executor::Effect& effect : effects) std::visit(Performer{*this}, effect);
}

void GroupRunner::finish(const Result<void>& result, const std::string& what) {
  if (!result) note(Note::Level::warning, fmt::format("{} failed: {}", what, result.error().what));
  perform(machine_.done(result, machine_time()));
}

void GroupRunner::run_step(Task<Result<void>> step, milliseconds limit, const std::string& what) {
  auto operation = std::make_shared<Operation>(context_.io);
  asio::co_spawn(
      context_.io, std::move(step),
      asio::bind_cancellation_slot(
          operation->cancel.slot(), [this, alive = alive_, operation, limit, what](
                                        const std::exception_ptr& cancelled, Result<void> result) {
            if (!*alive || operation->ended) return;
            operation->ended = true;
            operation->limit.cancel();
            if (cancelled)
              result = failure(fmt::format("{} took longer than {}", what, format_duration(limit)));
            finish(result, what);
          }));
  operation->limit.expires_after(limit);
  operation->limit.async_wait(
      [this, alive = alive_, operation, limit, what](boost::system::error_code stopped) {
        if (stopped || operation->ended) return;
        operation->cancel.emit(asio::cancellation_type::terminal);
        operation->limit.expires_after(executor::kCancelGrace);
        operation->limit.async_wait(
            [this, alive, operation, limit, what](boost::system::error_code stopped_now) {
              if (stopped_now || operation->ended || !*alive) return;
              operation->ended = true;
              hung_ = fmt::format("{} did not end within {} and cannot be broken off", what,
                                  format_duration(limit));
              finish(failure(hung_), what);
            });
      });
}

Task<Result<void>> GroupRunner::start(executor::StartStep step) {
  if (auto held = co_await wait_for_lease(); !held) co_return held;
  co_await context_.put_in_place(machine_.spec().name);
  if (auto told = co_await tell_keeper(step.item.resource.name); !told) co_return told;
  const bool scripts = std::holds_alternative<core::Scripts>(step.item.resource.what);
  if (scripts || step.item.service) {
    const core::GroupName group = machine_.spec().name;
    const auto environment =
        resolve_environment(machine_.spec().environment, context_.references(group));
    if (!environment) co_return failure(environment.error().during(fmt::format("group {}", group)));
    if (auto written = co_await write_templates(); !written) co_return written;
  }
  if (scripts) watches_->scripts_start();
  auto result = co_await adapter(step.item).start(options(step.item, step.event, Disk::success));
  if (!result && scripts)
    if (auto ended = co_await watches_->end_all(); !ended)
      co_return failure(ended.error().what, ENOTRECOVERABLE);
  if (result) context_.stepped(machine_.spec().name, step.item.resource.name.value);
  co_return result;
}

Task<Result<void>> GroupRunner::tell(executor::TellStep step) {
  if (auto told = co_await tell_keeper(step.item.resource.name); !told) co_return told;
  co_return co_await adapter(step.item).tell(options(step.item, step.event, Disk::failure));
}

// The adapter outlives it: the stop of the scripts waits for it.
Task<void> GroupRunner::recover(executor::RecoverTask task) {
  const auto alive = alive_;
  const auto told =
      co_await adapter(task.item).tell(options(task.item, core::Event::recover, Disk::success));
  if (!*alive) co_return;
  if (!told)
    note(Note::Level::warning,
         fmt::format("telling {} failed: {}", task.item.resource.name, told.error().what));
  perform(machine_.recovered());
}

Task<Result<void>> GroupRunner::stop(executor::StopStep step) {
  const core::GroupName group = machine_.spec().name;
  if (std::holds_alternative<core::Partition>(step.item.resource.what)) {
    // What scripts and services left behind must not keep the partition busy.
    if (auto killed = co_await context_.keeper.kill_group(group.value); !killed) co_return killed;
  }
  const bool scripts = std::holds_alternative<core::Scripts>(step.item.resource.what);
  if (scripts) watches_->scripts_stop();
  auto result =
      co_await adapter(step.item).stop(options(step.item, machine_.order().event, Disk::success));
  if (result && scripts) result = co_await watches_->end_all();
  if (result)
    std::erase_if(adapters_, [&](const Adapter& kept) { return carries(kept.item, step.item); });
  co_return result;
}

Task<Result<void>> GroupRunner::close() {
  if (!hung_.empty()) co_return failure(hung_);
  const std::string group = machine_.spec().name.value;
  if (auto killed = co_await context_.keeper.kill_group(group); !killed) co_return killed;
  watches_->clear();
  co_await context_.take_along(machine_.spec().name);
  co_return co_await context_.keeper.close_group(group);
}

// Nothing is begun that the keeper would not end: a renewal must have come back through the ring
// since this node owns something.
Task<Result<void>> GroupRunner::wait_for_lease() {
  while (!context_.lease_held()) {
    if (!machine_.order().up) co_return failure("it is not wanted any more");
    co_await context_.wait_for_change(kLookAgain);
  }
  co_return Result<void>{};
}

// What the keeper must undo should it have to, and what the next tasukid must know. Another
// resource whose place is not there now has nothing to be undone yet.
Task<Result<void>> GroupRunner::tell_keeper(core::ResourceName about) {
  std::vector<process::Release> releases;
  const auto& items = machine_.spec().items;
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    auto of_resource = adapter(*item).releases();
    if (!of_resource && item->resource.name == about) co_return failure(of_resource.error());
    if (!of_resource) continue;
    releases.insert(releases.end(), of_resource->begin(), of_resource->end());
  }
  releases_ = std::move(releases);
  co_return co_await context_.keeper.open_group(
      {machine_.spec().name.value, releases_, note_for_next()});
}

resource::Resource& GroupRunner::adapter(const executor::Item& item) {
  const auto known = std::ranges::find_if(
      adapters_, [&](const Adapter& kept) { return carries(kept.item, item); });
  if (known != adapters_.end()) return *known->resource;
  auto on_fault = [this, alive = alive_, name = item.resource.name](std::string why) {
    if (!*alive) return;
    note(Note::Level::warning, fmt::format("{}: {}", name, why));
    perform(machine_.fault(name, why, machine_time()));
  };
  auto warn = [this, name = item.resource.name](const std::string& what) {
    note(Note::Level::warning, fmt::format("{}: {}", name, what));
  };
  adapters_.push_back({item, make_adapter(context_, machine_.spec(), item, on_fault, warn)});
  return *adapters_.back().resource;
}

resource::StepOptions GroupRunner::options(const executor::Item& item, core::Event event,
                                           Disk disk) const {
  executor::Order order = machine_.order();
  if (order.up && machine_.phase() == core::Phase::stopping) {
    order.up = false;  // it goes down by itself
    order.factor = "GROUPFAILOVER";
  }
  return {order.old_owner_let_go,
          executor::script_environment(context_.config(), resolved(machine_.spec()), order,
                                       context_.self, event, disk, context_.arm_commands),
          item.resource.start_limit, executor::stop_limit(item)};
}

void GroupRunner::note(Note::Level level, std::string text) {
  context_.note({level, fmt::format("group {}", machine_.spec().name), std::move(text)});
}

}  // namespace tasuki::runner
