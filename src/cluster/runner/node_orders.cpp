// The part of the node that turns the plan into orders for the groups here, and the timers.
#include <algorithm>

#include <fmt/format.h>

#include "cluster/runner/node.hpp"

namespace tasuki::runner {

using core::Note;

void Node::give_orders() {
  if (!replica_.may_decide() && !isolated_) return;
  note_leaving_groups();
  for (const core::Group& group : config().groups) {
    const executor::Order order = order_for(group.name);
    const auto known = groups_.find(group.name);
    if (!order.up && known == groups_.end()) {
      // Told to hold it and not to in one breath: the others wait for a word that it is down.
      if (holds(group.name))
        say(core::Report{{group.name, order.ticket, core::Phase::offline, "", {}}});
      continue;
    }
    GroupRunner& runner = group_runner(group);
    if (order.up && order.ticket != runner.machine().order().ticket)
      begin_timeline(group.name, order);
    runner.set_order(order);
  }
  for (auto& [name, runner] : groups_) {
    if (config().find_group(name) != nullptr) continue;
    executor::Order down = runner->machine().order();
    down.up = false;
    down.factor = "GROUPSTOP";
    runner->set_order(down);
  }
  // One that just closed remembers it until the others know too.
  std::erase_if(groups_, [this](const auto& entry) {
    return entry.second->machine().idle() && !order_for(entry.first).up;
  });
}

// Whether this node is the group's holder as the members see it.
bool Node::holds(const core::GroupName& name) const {
  const auto found = replica_.state().groups.find(name);
  return found != replica_.state().groups.end() && found->second.holder == self_;
}

executor::Order Node::order_for(const core::GroupName& name) const {
  executor::Order order;
  const auto found = replica_.state().groups.find(name);
  if (found == replica_.state().groups.end()) return order;
  const core::GroupState& group = found->second;
  order.up = !isolated_ && group.holder == self_ && group.wanted_up;
  order.ticket = group.ticket;
  order.event = group.event;
  order.old_owner_let_go = group.previous_let_go;
  order.previous = group.previous;
  order.recover_count = group.recover_count;
  const auto facts = replica_.state().nodes.find(self_);
  const bool leaving = facts != replica_.state().nodes.end() && facts->second.leaving;
  if (leaving || isolated_)
    order.factor = "SERVERDOWN";
  else
    order.factor = replica_.state().intent_of(name).run ? "GROUPMOVE" : "GROUPSTOP";
  return order;
}

GroupRunner& Node::group_runner(const core::Group& group) {
  auto& runner = groups_[group.name];
  if (!runner)
    runner = std::make_unique<GroupRunner>(group_context_, executor::group_spec(config(), group));
  return *runner;
}

// The time of a move begins where the group still is.
void Node::note_leaving_groups() {
  for (const auto& [group, state] : replica_.state().groups) {
    if (!state.holder) {  // down, on its way to the next
      if (!replica_.state().intent_of(group).run) leaving_.erase(group);
      continue;
    }
    if (state.wanted_up || !replica_.view().members.contains(*state.holder))
      leaving_.erase(group);
    else
      leaving_.try_emplace(group, now(), state.reason);
  }
}

void Node::begin_timeline(const core::GroupName& group, const executor::Order& order) {
  const auto found = replica_.state().groups.find(group);
  const std::string from = order.previous ? config().node_name(*order.previous) : "";
  const bool after_loss = order.event == core::Event::failover && order.previous &&
                          !replica_.view().members.contains(*order.previous);
  const auto left = leaving_.find(group);
  if (left != leaving_.end()) {
    timeline_.begin(group, {from, name(), left->second.reason, left->second.since});
    timeline_.step(group, "stopped on " + from);
    leaving_.erase(left);
    return;
  }
  timeline_.begin(
      group, {from, name(), found->second.reason, after_loss ? membership_changed_at_ : now()});
  if (after_loss) {
    timeline_.step(group, "detected", membership_changed_at_);
    timeline_.step(group, "decided", std::max(agreed_at_, membership_changed_at_));
    timeline_.step(
        group, fmt::format("proof ({})", core::to_text(replica_.state().let_go(*order.previous))));
  } else {
    timeline_.step(group, "decided");
  }
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
    auto& running = timers_[timer.name];
    running = std::make_unique<asio::steady_timer>(io_, timer.duration);
    running->async_wait([this, name = timer.name](boost::system::error_code stopped) {
      if (!stopped) say(core::TimerExpired{name});
    });
  }
}

// A node that may not go on with what it owns stops it after a short grace, in which the right may
// come back.
void Node::watch_right() {
  if (leaving_alone_) return;
  if (replica_.may_keep()) {
    right_lost_.reset();
    isolated_ = false;
    isolation_timer_.cancel();
    return;
  }
  if (right_lost_) return;
  right_lost_ = now();
  isolation_timer_.expires_after(timing_.isolation_grace);
  isolation_timer_.async_wait([this](boost::system::error_code stopped) {
    if (stopped || !right_lost_) return;
    isolated_ = true;
    const bool owns_something = !groups_.empty();
    if (owns_something)
      note(Note::Level::error, "node " + name(),
           "has no right to decide any more; its groups are stopped here");
    react();
  });
}

}  // namespace tasuki::runner
