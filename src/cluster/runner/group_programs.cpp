// The part of a group's runner about its programs that its machine does not know of: watches,
// suspensions, and what is remembered of both.
#include <algorithm>

#include <fmt/format.h>

#include "cluster/runner/adapters.hpp"
#include "cluster/runner/group_runner.hpp"
#include "cluster/runner/references.hpp"
#include "kit/log.hpp"

namespace tasuki::runner {

using core::Note;

// --- Watches ------------------------------------------------------------------------------------

const executor::Item* GroupRunner::scripts() const {
  const auto& items = machine_.spec().items;
  const auto found = std::ranges::find_if(items, [](const executor::Item& item) {
    return std::holds_alternative<core::Scripts>(item.resource.what);
  });
  return found == items.end() ? nullptr : &*found;
}

std::shared_ptr<WatchRunner> GroupRunner::watches() const {
  if (machine_.idle() || (scripts() == nullptr && watches_->machine().empty())) return nullptr;
  return watches_;
}

WatchContext GroupRunner::watch_context() {
  return {context_.io,
          context_.keeper,
          configured_.name,
          context_.config,
          [this] { return environment(); },
          default_address(configured_),
          [this] { remember(); },
          [this](const std::string& text) { note(Note::Level::info, text); },
          [this](const std::string& text) { note(Note::Level::warning, text); },
          [this](const std::string& why) { watch_failed(why); },
          [this](const std::string& why) { run_scripts_again(why); },
          [this](const std::string& id) -> std::optional<Result<void>> {
            const auto owner = context_.watch_owner(id);
            if (!owner) return std::nullopt;
            if (*owner == configured_.name) return Result<void>{};
            return failure(fmt::format("the id {} is in use by group {}", id, *owner), EEXIST);
          },
          context_.wait_for_change,
          [this](const core::Service& service) {
            return resolve_service(service, context_.references(configured_.name));
          }};
}

void GroupRunner::watch_failed(const std::string& why) {
  note(Note::Level::warning, why);
  if (const executor::Item* item = scripts())
    perform(machine_.fault(item->resource.name, why, machine_time()));
}

void GroupRunner::run_scripts_again(const std::string& why) {
  const executor::Item* item = scripts();
  if (item == nullptr || !machine_.can_start_again(item->resource.name)) return watch_failed(why);
  perform(machine_.start_again(item->resource.name));
}

executor::GroupSpec GroupRunner::resolved(executor::GroupSpec spec) const {
  spec.environment = resolve_known(spec.environment, context_.references(spec.name));
  return spec;
}

// Before each start of a program of the group.
Task<Result<void>> GroupRunner::write_templates() {
  const core::Group* group = context_.config().find_group(configured_.name);
  if (group == nullptr) co_return Result<void>{};
  for (const core::Template& wanted : std::vector(group->templates)) {
    auto text = co_await on_worker(context_.workers, [wanted] { return read_template(wanted); });
    if (text) text = resolve_references(*text, context_.references(configured_.name));
    if (!text)
      co_return failure(
          text.error().during(fmt::format("{} is not made from {}", wanted.target, wanted.source)));
    auto written = co_await on_worker(
        context_.workers, [wanted, text = *text] { return write_target(wanted, text); });
    if (!written) co_return failure(written.error().during(wanted.target));
  }
  co_return Result<void>{};
}

std::map<std::string, std::string> GroupRunner::environment() const {
  return executor::script_environment(context_.config(), resolved(configured_), machine_.order(),
                                      context_.self, machine_.order().event,
                                      executor::Disk::success, context_.arm_commands);
}

// --- What is remembered and reported ------------------------------------------------------------

void GroupRunner::remember() {
  auto held = holds();
  if (!held) return;
  context_.report(std::move(*held));
  save_note();
}

void GroupRunner::save_note() {
  start_task(context_.io.get_executor(),
             [](process::KeeperClient& keeper, process::OpenGroup group) -> Task<void> {
               const auto told = co_await keeper.open_group(std::move(group));
               if (!told) log::warning("the keeper does not remember: {}", told.error().what);
             }(context_.keeper, {configured_.name.value, releases_, note_for_next()}));
}

Json GroupRunner::note_for_next() const {
  Json note = {{"ticket", machine_.order().ticket}, {"watches", to_json(watches_->kept())}};
  if (suspension_)
    note["suspension"] = {{"key", suspension_->key},
                          {"reason", suspension_->reason},
                          {"until_ns", suspension_->until.time_since_epoch().count()},
                          {"settled", machine_.settled()}};
  return note;
}

std::optional<core::GroupReport> GroupRunner::holds() const {
  auto held = machine_.holds();
  if (!held) return std::nullopt;
  return complete(std::move(*held));
}

core::GroupReport GroupRunner::complete(core::GroupReport report) const {
  if (report.phase == core::Phase::offline) return report;
  report.watches = watches_->reports();
  if (suspension_) report.suspended = suspension_->reason;
  return report;
}

// --- Suspensions --------------------------------------------------------------------------------

Result<void> GroupRunner::suspend(Suspension suspension, Begin begin) {
  if (suspension_ && suspension_->key != suspension.key)
    return failure(
        fmt::format("group {} is suspended already: {}", configured_.name, suspension_->reason),
        EBUSY);
  if (!suspension_ && begin == Begin::only_prolong)
    return failure(
        fmt::format("the services of group {} were started again meanwhile", configured_.name),
        ECANCELED);
  const bool begins = !suspension_;
  if (begins && (!machine_.order().up || !machine_.settled()))
    return failure(fmt::format("group {} is not wholly up here", configured_.name), EBUSY);
  suspension_ = std::move(suspension);
  if (begins) note(Note::Level::info, "its services are stopped: " + suspension_->reason);
  use_spec();
  set_suspension_timer();
  remember();
  return {};
}

void GroupRunner::resume(const std::string& key) {
  if (!suspension_ || suspension_->key != key) return;
  note(Note::Level::info, "its services start again after: " + suspension_->reason);
  suspension_.reset();
  suspension_timer_.cancel();
  use_spec();
  remember();
}

void GroupRunner::use_spec() {
  executor::GroupSpec wanted = suspension_ ? executor::without_programs(configured_) : configured_;
  if (wanted.items != machine_.spec().items || wanted.environment != machine_.spec().environment)
    perform(machine_.set_spec(std::move(wanted)));
}

void GroupRunner::set_suspension_timer() {
  if (!suspension_) return;
  suspension_timer_.expires_at(suspension_->until);
  suspension_timer_.async_wait([this, alive = alive_](boost::system::error_code stopped) {
    if (stopped || !*alive || !suspension_) return;
    note(Note::Level::warning, "nobody goes on with: " + suspension_->reason);
    resume(suspension_->key);
  });
}

}  // namespace tasuki::runner
