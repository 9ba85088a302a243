// The part of the node that turns the plan into orders for the groups here, and the timers.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/runner/node.hpp"
#include "cluster/runner/references.hpp"

namespace tasuki::runner {

void Node::give_orders() {
  if (!executor::gives_orders(replica_, standing())) return;
  note_leaving_groups();
  std::map<core::GroupName, executor::Order> known;
  for (const auto& [name, runner] : groups_) known[name] = runner->machine().order();
  const executor::Orders orders = executor::decide_orders(replica_, standing(), known);
  for (const core::Report& denied : orders.deny) say(denied);
  for (const auto& [name, order] : orders.give) {
    const core::Group* group = config().find_group(name);
    GroupRunner& runner = group != nullptr ? group_runner(*group) : *groups_.at(name);
    if (order.up && order.ticket != runner.machine().order().ticket) begin_timeline(name, order);
    runner.set_order(order);
  }
  std::erase_if(groups_, [this](const auto& entry) {
    return executor::may_forget(replica_, standing(), entry.second->machine());
  });
}

GroupRunner& Node::group_runner(const core::Group& group) {
  auto& runner = groups_[group.name];
  if (!runner)
    runner = std::make_unique<GroupRunner>(group_context_, executor::group_spec(config(), group));
  return *runner;
}

std::map<std::string, std::string> Node::environment_of(const core::Group& group) const {
  if (const GroupRunner* runner = find_runner(group.name)) return runner->environment();
  executor::GroupSpec spec = executor::group_spec(config(), group);
  spec.environment = resolve_known(spec.environment, reference_values(&group, name(), settings_));
  return executor::script_environment(config(), spec, {}, self_, core::Event::start,
                                      executor::Disk::success, paths_.arm_commands);
}

GroupRunner* Node::find_runner(const core::GroupName& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

// The time of a move begins where the group still is.
void Node::note_leaving_groups() {
  for (const auto& [group, state] : replica_.state().groups) {
    if (!state.holder) {  // down, on its way to the next
      if (!replica_.state().intent_of(group).run) leaving_.erase(group);
      continue;
    }
    const bool fails = state.wanted_up && state.phase == core::Phase::stopping;
    const bool leaves = !state.wanted_up || fails;
    const auto known = leaving_.find(group);
    if (leaves && replica_.view().members.contains(*state.holder))
      leaving_.try_emplace(group, now(), fails ? "" : state.reason, state.ticket);
    else if (known != leaving_.end() &&
             (known->second.ticket == state.ticket || state.holder != self_))
      leaving_.erase(known);
  }
}

void Node::begin_timeline(const core::GroupName& group, const executor::Order& order) {
  const auto found = replica_.state().groups.find(group);
  const std::string from = order.previous ? config().node_name(*order.previous) : "";
  const bool after_loss = order.event == core::Event::failover && order.previous &&
                          !replica_.view().members.contains(*order.previous);
  const auto left = leaving_.find(group);
  if (left != leaving_.end()) {
    const std::string& why = left->second.reason;
    timeline_.begin(group,
                    {from, name(), why.empty() ? found->second.reason : why, left->second.since});
    timeline_.step(group, "stopped on " + from);
    leaving_.erase(left);
    return;
  }
  timeline_.begin(
      group, {from, name(), found->second.reason, after_loss ? membership_changed_at_ : now()});
  if (after_loss) {
    timeline_.step(group, "detected", membership_changed_at_);
    timeline_.step(group, "decided", std::max(agreed_at_, membership_changed_at_));
    // Without one its disks are to refuse the lost node; they are taken first.
    if (const auto proof = replica_.state().let_go(*order.previous); proof != core::LetGo::unproven)
      timeline_.step(group, fmt::format("proof ({})", core::to_text(proof)));
  } else {
    timeline_.step(group, "decided");
  }
}

void Node::note_preempted(const core::GroupName& group,
                          const std::vector<guard::KeyOwner>& owners) {
  std::set<std::string> names;  // each once, whatever epochs it left
  for (const guard::KeyOwner& owner : owners)
    if (owner.node != self_) names.insert(config().node_name(owner.node));
  if (names.empty()) return;
  timeline_.step(group, "proof (reservation)");
  events_.add({core::Note::Level::info, fmt::format("group {}", group),
               fmt::format("its disk refuses {} from now on", fmt::join(names, " and "))});
}

void Node::report(const core::GroupReport& report) {
  if (report.group == kNodeServices) return node_services_reported(report);
  say(core::Report{report});
  if (report.phase == core::Phase::online)
    if (const auto record = timeline_.finish(report.group))
      say(core::Record{record->dump(-1, ' ', false, Json::error_handler_t::replace)});
  if (report.phase == core::Phase::offline) timeline_.drop(report.group);
  // The machine is in the middle of a step: what follows from the report comes after it.
  asio::post(io_, [this] { react(); });
}

void Node::run_timers() {
  const auto wanted = replica_.agreed()
                          ? core::timers_of(replica_.state(), replica_.view(), timing_)
                          : std::vector<core::Timer>{};
  std::erase_if(timers_, [&](const auto& running) {
    return std::ranges::none_of(wanted, [&](const core::Timer& timer) {
      return timer.owner == self_ && timer.name == running.first;
    });
  });
  for (const core::Timer& timer : wanted) {
    if (timer.owner != self_ || timers_.contains(timer.name)) continue;
    timers_[timer.name] = std::make_shared<asio::steady_timer>(io_);
    run_timer(timer, timer.duration);
  }
}

void Node::run_timer(const core::Timer& timer, core::milliseconds duration) {
  const auto& running = timers_.at(timer.name);
  running->expires_after(duration);
  running->async_wait([this, timer, wanted = std::weak_ptr(running)](auto stopped) {
    // It may have ended just before it was taken away.
    if (stopped || wanted.expired()) return;
    core::milliseconds more{};
    if (timer.ends_lease_of)
      more = core::postponement(slots_.seen_with_groups(*timer.ends_lease_of), now(), timing_);
    if (more > core::milliseconds{}) return run_timer(timer, more);
    say(core::TimerExpired{timer.name});
  });
}

void Node::watch_right() {
  const bool was_isolated = right_.isolated();
  right_.look(replica_.may_keep(), now(), timing_.isolation_grace);
  if (right_.isolated() && !was_isolated && owns_something())
    events_.add(core::isolation_note(name()));
  const auto deadline = right_.deadline();
  if (!deadline) {
    isolation_timer_.cancel();
    look_at_right_.reset();
  }
  if (!deadline || look_at_right_ == deadline) return;
  look_at_right_ = deadline;
  isolation_timer_.expires_at(*deadline);
  isolation_timer_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) react();
  });
}

}  // namespace tasuki::runner
