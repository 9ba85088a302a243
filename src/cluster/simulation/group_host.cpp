#include "cluster/simulation/group_host.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "cluster/executor/step_limits.hpp"
#include "kit/duration.hpp"

namespace tasuki::simulation {

using core::Note;
using executor::Item;

namespace {

constexpr Time kLookAgain{500ms};
constexpr Time kLookAtDiskAgain{3s};
constexpr core::milliseconds kCloseLimit{30'000};

bool is_reserved(const Item& item) {
  const auto* partition = std::get_if<core::Partition>(&item.resource.what);
  return partition != nullptr && partition->guard == core::Guard::scsi_reservation;
}

bool held_by_kernel(const Item& item) {
  return std::holds_alternative<core::Partition>(item.resource.what) ||
         std::holds_alternative<core::FloatingIp>(item.resource.what);
}

}  // namespace

GroupHost::GroupHost(GroupContext& context, executor::GroupSpec spec)
    : context_(context), machine_(std::move(spec)) {}

void GroupHost::adopt(uint64_t ticket) {
  std::vector<core::ResourceName> up;
  for (const Item& item : machine_.spec().items) {
    const bool is_up = item.service ? context_.keeper.runs(process_of(item))
                       : held_by_kernel(item)
                           ? context_.hardware.holds(machine_.spec().name, item.resource.name)
                           : true;
    if (!is_up) continue;
    up.push_back(item.resource.name);
    if (is_reserved(item)) look_at_disk(item.resource.name);
    if (item.service) watched_.insert(item.resource.name);
  }
  perform(machine_.adopt(ticket, up));
}

void GroupHost::set_order(const executor::Order& order) {
  if (order != machine_.order()) perform(machine_.set_order(order));
}

void GroupHost::set_spec(executor::GroupSpec spec) {
  if (spec.items != machine_.spec().items || spec.environment != machine_.spec().environment)
    perform(machine_.set_spec(std::move(spec)));
}

void GroupHost::exited(const process::Exited& exited) {
  if (const auto waits = ends_.find(exited.name.key); waits != ends_.end()) {
    const auto told = std::move(waits->second);
    ends_.erase(waits);
    return told(exited.status);
  }
  for (const Item& item : machine_.spec().items)
    if (item.resource.name.value == exited.name.key && watched_.erase(item.resource.name) > 0)
      return break_resource(item.resource.name, fmt::format("{} {}", item.service->name,
                                                            process::describe(exited.status)));
}

void GroupHost::break_resource(const core::ResourceName& resource, const std::string& why) {
  note(Note::Level::warning, fmt::format("{}: {}", resource, why));
  perform(machine_.fault(resource, why, machine_time()));
}

// --- Steps --------------------------------------------------------------------------------------

void GroupHost::perform(const std::vector<executor::Effect>& effects) {
  struct Performer {
    GroupHost& self;
    void operator()(const core::Report& said) const { self.context_.report(said.report); }
    void operator()(const executor::StartStep& step) const {
      self.begin(fmt::format("the start of {}", step.item.resource.name),
                 executor::start_backstop(step.item), [&] { self.start(step); });
    }
    void operator()(const executor::StopStep& step) const {
      self.begin(fmt::format("the stop of {}", step.item.resource.name),
                 executor::stop_backstop(step.item), [&] { self.stop(step); });
    }
    void operator()(const executor::TellStep& step) const {
      self.begin(
          fmt::format("telling {}", step.item.resource.name), executor::start_backstop(step.item),
          [&] { self.run_script(step.item, step.item.resource.start_limit, self.end_of_step()); });
    }
    void operator()(const executor::RecoverTask& task) const {
      self.note(Note::Level::info, "its scripts are told that a lost server is back");
      self.recover(task.item);
    }
    void operator()(const executor::Mending& mending) const {
      self.note(Note::Level::info, fmt::format("{}: is started again here, {} of {} times",
                                               mending.resource, mending.attempt, mending.limit));
    }
    void operator()(const executor::CloseStep&) const {
      self.begin("the end of the group", kCloseLimit, [&] { self.close(); });
    }
    void operator()(const executor::ResetNode& reset) const {
      self.note(Note::Level::error, reset.why + "; this node resets itself");
      const auto why = fmt::format("group {}: {}", self.machine_.spec().name, reset.why);
      self.context_.hardware.after(
          executor::kLastWords, self.life_,
          [&keeper = self.context_.keeper, why] { keeper.ask(process::ResetNode{why}, {}); });
    }
  };
  for (const executor::Effect& effect : effects) std::visit(Performer{*this}, effect);
}

void GroupHost::begin(const std::string& what, core::milliseconds limit,
                      const std::function<void()>& step) {
  const uint64_t number = ++step_;
  under_way_ = true;
  what_ = what;
  context_.hardware.at(context_.hardware.now() + limit + executor::kCancelGrace, life_,
                       [this, number, what, limit] {
                         if (!under_way_ || step_ != number) return;
                         hung_ = fmt::format("{} did not end within {} and cannot be broken off",
                                             what, format_duration(limit));
                         finish(number, failure(hung_));
                       });
  step();
}

void GroupHost::finish(uint64_t step, const Result<void>& result) {
  if (!under_way_ || step != step_) return;
  under_way_ = false;
  if (!result) note(Note::Level::warning, fmt::format("{} failed: {}", what_, result.error().what));
  perform(machine_.done(result, machine_time()));
}

GroupHost::Done GroupHost::end_of_step() {
  return [this, life = life_, step = step_](const Result<void>& result) {
    if (life.lasts()) finish(step, result);
  };
}

void GroupHost::ask(process::Operation operation,
                    std::function<void(const process::Answer&)> then) {
  context_.keeper.ask(std::move(operation),
                      [life = life_, then = std::move(then)](const process::Answer& answer) {
                        if (life.lasts()) then(answer);
                      });
}

// Goes on with `then` when the keeper has done it; its refusal is the step's.
void GroupHost::ask_done(process::Operation operation, const std::function<void()>& then) {
  ask(std::move(operation), [then, end = end_of_step()](const process::Answer& answer) {
    if (const auto* refused = std::get_if<Error>(&answer)) return end(failure(*refused));
    then();
  });
}

// --- Up -----------------------------------------------------------------------------------------

void GroupHost::start(const executor::StartStep& step) {
  waits_for_lease_ = [this, item = step.item] {
    tell_keeper([this, item] { start_resource(item); });
  };
  look_at_lease();
}

// As GroupRunner::wait_for_lease(): nothing is begun that the keeper would not end.
void GroupHost::look_at_lease() {
  if (!waits_for_lease_) return;
  if (context_.lease_held()) return std::exchange(waits_for_lease_, {})();
  if (!machine_.order().up) {
    waits_for_lease_ = {};
    return end_of_step()(failure("it is not wanted any more"));
  }
  context_.hardware.after(kLookAgain, life_, [this, step = step_] {
    if (under_way_ && step == step_) look_at_lease();
  });
}

void GroupHost::tell_keeper(const std::function<void()>& then) {
  std::vector<process::Release> releases;
  const auto& items = machine_.spec().items;
  for (auto item = items.rbegin(); item != items.rend(); ++item)
    if (held_by_kernel(*item)) releases.push_back(release_of(machine_.spec().name, item->resource));
  ask_done(
      process::OpenGroup{
          machine_.spec().name.value, releases, {{"ticket", machine_.order().ticket}}},
      then);
}

void GroupHost::start_resource(const Item& item) {
  const Trouble broken = trouble(item);
  if (held_by_kernel(item)) return start_held_by_kernel(item, broken);
  if (item.service)
    return stop_service(item,
                        [this, item, broken](const Result<void>&) { start_service(item, broken); });
  run_script(item, item.resource.start_limit, end_of_step());
}

void GroupHost::start_held_by_kernel(const Item& item, const Trouble& broken) {
  const core::GroupName group = machine_.spec().name;
  context_.hardware.hold(group, item.resource.name);
  const Time usual =
      context_.around.chance.take(start_range(context_.around.pace, group, item.resource));
  const Time takes = broken.start_hangs ? Time(item.resource.start_limit) : usual;
  const auto fail = [this, item, group, end = end_of_step()](const std::string& why) {
    context_.hardware.let_go(group, item.resource.name);
    end(failure(why));
  };
  const auto mount = [this, item, broken, fail, end = end_of_step()] {
    if (broken.start_fails) return fail("there is no such device");
    if (broken.start_hangs)
      return fail(
          fmt::format("it was not there within {}", format_duration(item.resource.start_limit)));
    if (is_reserved(item)) look_at_disk(item.resource.name);
    end({});
  };
  if (!is_reserved(item)) return context_.hardware.after(takes, life_, mount);
  context_.hardware.after(takes / 2, life_, [this, takes, mount, fail, epoch = context_.epoch()] {
    if (const auto taken = take_disk(epoch); !taken) return fail(taken.error().what);
    context_.hardware.after(takes - takes / 2, life_, mount);
  });
}

// As guard::take().
Result<void> GroupHost::take_disk(uint64_t epoch) {
  auto& reservations = context_.around.reservations;
  const core::NodeId self = context_.hardware.id();
  const auto found = reservations.find(machine_.spec().name);
  if (found != reservations.end() && found->second.node != self && found->second.epoch > epoch)
    return failure(fmt::format("the disk was taken by node {} (epoch {})", found->second.node,
                               found->second.epoch));
  reservations[machine_.spec().name] = {self, epoch};
  return {};
}

void GroupHost::look_at_disk(const core::ResourceName& partition) {
  disk_watch_.end();
  disk_watch_ = Life();
  context_.hardware.after(kLookAtDiskAgain, disk_watch_, [this, life = life_, partition] {
    if (!life.lasts() || !context_.hardware.holds(machine_.spec().name, partition)) return;
    const Reservation& now = context_.around.reservations.at(machine_.spec().name);
    if (now.node == context_.hardware.id()) return look_at_disk(partition);
    break_resource(partition, fmt::format("the disk refuses this node: it is node {}'s (epoch {})",
                                          now.node, now.epoch));
  });
}

void GroupHost::start_service(const Item& item, const Trouble& broken) {
  const auto end = end_of_step();
  const std::string key = item.resource.name.value;
  ends_[key] = [this, item, end](const process::ExitStatus& status) {
    stop_service(item, [item, end, status](const Result<void>&) {
      end(failure(fmt::format("{} {}", item.service->name, process::describe(status))));
    });
  };
  const process::Spawn spawn{process_of(item), {"service"}, item.service->user, {}, "", ""};
  ask_done(spawn, [this, item, broken, end, key] {
    const Time ready = context_.around.chance.take(
        start_range(context_.around.pace, machine_.spec().name, item.resource));
    const Time takes = broken.start_hangs ? Time(item.resource.start_limit) : ready;
    context_.hardware.after(takes, life_, [this, item, broken, end, key] {
      if (ends_.erase(key) == 0) return;
      if (!broken.start_hangs) {
        watched_.insert(item.resource.name);
        return end({});
      }
      stop_service(item, [item, end](const Result<void>&) {
        end(failure(fmt::format("{} was not ready within {}", item.service->name,
                                format_duration(item.resource.start_limit))));
      });
    });
  });
}

void GroupHost::run_script(const Item& item, core::milliseconds limit, const Done& done) {
  const std::string key = item.resource.name.value;
  ends_[key] = [item, done](const process::ExitStatus& status) {
    if (status.success()) return done({});
    done(failure(fmt::format("{} {}", std::get<core::Scripts>(item.resource.what).start,
                             process::describe(status))));
  };
  const process::Spawn spawn{process_of(item), {"script"}, "root", {}, "", ""};
  ask_done(spawn, [] {});
  // What does not end in time is killed, which tells its end.
  context_.hardware.at(context_.hardware.now() + limit, life_, [this, item, key, step = step_] {
    if (!ends_.contains(key) || step != step_ || !under_way_) return;
    ask(process::Stop{process_of(item), SIGKILL, core::milliseconds{}},
        [](const process::Answer&) {});
  });
}

// Beside the steps, and over when the scripts are stopped.
void GroupHost::recover(const Item& item) {
  const Time takes = context_.around.chance.take(
      start_range(context_.around.pace, machine_.spec().name, item.resource));
  context_.hardware.after(takes, life_, [this] { perform(machine_.recovered()); });
}

// --- Down ---------------------------------------------------------------------------------------

void GroupHost::stop(const executor::StopStep& step) {
  const Item item = step.item;
  if (held_by_kernel(item)) {
    const bool partition = std::holds_alternative<core::Partition>(item.resource.what);
    if (!partition) return stop_held_by_kernel(item);
    return ask_done(process::KillGroup{machine_.spec().name.value},
                    [this, item] { stop_held_by_kernel(item); });
  }
  if (item.service) return stop_service(item, end_of_step());
  // A stop script that fails is told of in the log; what it leaves is ended.
  run_script(item, executor::stop_limit(item),
             [end = end_of_step()](const Result<void>&) { end({}); });
}

void GroupHost::stop_held_by_kernel(const Item& item) {
  const core::GroupName group = machine_.spec().name;
  const auto end = end_of_step();
  if (context_.around.hooks.believe_stop && context_.around.hooks.believe_stop()) return end({});
  if (!context_.hardware.holds(group, item.resource.name)) return end({});
  if (trouble(item).stop_hangs) return;
  const Time takes =
      context_.around.chance.take(stop_range(context_.around.pace, group, item.resource));
  context_.hardware.after(takes, life_, [this, item, group, end] {
    context_.hardware.let_go(group, item.resource.name);
    end({});
  });
}

void GroupHost::stop_service(const Item& item, const Done& done) {
  watched_.erase(item.resource.name);
  const core::milliseconds limit = executor::stop_limit(item);
  ask(process::Stop{process_of(item), item.service->stop_signal, limit},
      [done](const process::Answer& answer) {
        if (const auto* refused = std::get_if<Error>(&answer)) return done(failure(*refused));
        done({});
      });
}

void GroupHost::close() {
  if (!hung_.empty()) return end_of_step()(failure(hung_));
  const std::string group = machine_.spec().name.value;
  ask_done(process::KillGroup{group}, [this, group] {
    ask_done(process::CloseGroup{group}, [end = end_of_step()] { end({}); });
  });
}

void GroupHost::note(Note::Level level, std::string text) {
  context_.note({level, fmt::format("group {}", machine_.spec().name), std::move(text)});
}

executor::Time GroupHost::machine_time() const {
  return std::chrono::duration_cast<executor::Time>(context_.hardware.now().time_since_epoch());
}

}  // namespace tasuki::simulation
