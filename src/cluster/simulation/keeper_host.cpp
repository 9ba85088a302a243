#include "cluster/simulation/keeper_host.hpp"

#include <csignal>
#include <utility>

namespace tasuki::simulation {

using process::ExitStatus;
using process::ProcessName;

namespace {

core::ResourceName resource_of(const ProcessName& name) {
  return core::ResourceName{name.key};
}

}  // namespace

KeeperHost::KeeperHost(Surroundings& around, Hardware& hardware, World world)
    : around_(around),
      hardware_(hardware),
      world_(std::move(world)),
      state_({.watchdog = hardware.traits().watchdog}) {
  // Processes that an earlier keeper left end before anything else (Keeper::make_cgroups).
  const auto bound = hardware_.armed_until();
  hardware_.disarm_watchdog();
  take(process::LeftBehind{hardware_.left_by_keeper, bound});
}

KeeperHost::~KeeperHost() {
  life_.end();
  for (auto& [name, process] : processes_) process.life.end();
}

void KeeperHost::take(const process::Fact& fact) {
  const process::Effects effects = state_.take(fact, hardware_.now());
  hardware_.left_by_keeper = state_.left();
  for (const process::Effect& effect : effects) {
    if (around_.hooks.keeper && !around_.hooks.keeper(effect)) {
      if (const auto* release = std::get_if<process::StartRelease>(&effect))
        take(process::ReleaseEnded{release->group, {}});
      continue;
    }
    std::visit([this](const auto& what) { perform(what); }, effect);
  }
  set_deadline();
}

void KeeperHost::set_deadline() {
  const auto next = state_.next_deadline();
  if (next == deadline_) return;
  deadline_ = next;
  if (!next) return;
  hardware_.at(*next, life_, [this, next] {
    if (deadline_ != next) return;
    deadline_.reset();
    take(process::TimePassed{});
  });
}

// --- tasukid's side -----------------------------------------------------------------------------

void KeeperHost::connect(const Life& client, std::function<void(const process::Event&)> event) {
  client_ = client;
  event_ = std::move(event);
  replies_.clear();
  take(process::ClientConnected{});
}

void KeeperHost::ask(process::Operation operation,
                     std::function<void(const process::Answer&)> reply) {
  const uint64_t id = next_request_++;
  if (reply) replies_[id] = std::move(reply);
  hardware_.after(
      around_.chance.take(around_.pace.ask_keeper), life_,
      [this, id, operation = std::move(operation)] { take(process::Asked{{id, operation}}); });
}

void KeeperHost::perform(const process::Reply& reply) {
  const auto waiting = replies_.find(reply.id);
  if (waiting == replies_.end()) return;
  hardware_.after(around_.chance.take(around_.pace.ask_keeper), client_,
                  [told = std::move(waiting->second), answer = reply.answer] { told(answer); });
  replies_.erase(waiting);
}

void KeeperHost::perform(const process::Event& event) {
  hardware_.after(around_.chance.take(around_.pace.ask_keeper), client_,
                  [this, event] { event_(event); });
}

void KeeperHost::perform(const process::EndTasukid&) {
  world_.end_tasukid();
}

void KeeperHost::tasukid_ended() {
  take(process::TasukidEnded{});
}

// --- Processes ----------------------------------------------------------------------------------

void KeeperHost::perform(const process::StartProcess& start) {
  const ProcessName name = start.spawn.name;
  Process& process = processes_[name];
  process.life.end();
  process = {world_.program(start.spawn), true, false, Life()};
  hardware_.hold(core::GroupName{name.group}, resource_of(name));
  hardware_.after(around_.chance.take(around_.pace.spawn), process.life, [this, name] {
    tell_started(name);
    const Process& started = processes_.at(name);
    if (!started.program.exits) return;
    hardware_.after(started.program.runs_for, started.life, [this, name] {
      end_main(name, {ExitStatus::How::code, processes_.at(name).program.exit_code});
    });
  });
}

void KeeperHost::tell_started(const ProcessName& name) {
  if (!std::exchange(processes_.at(name).started, true)) take(process::Started{name, next_pid_++});
}

void KeeperHost::perform(const process::SignalProcess& signal) {
  const auto found = processes_.find(signal.name);
  if (found == processes_.end() || !found->second.main) return;
  if (found->second.program.ignores_signals) return;
  hardware_.after(found->second.program.stops_within, found->second.life,
                  [this, name = signal.name] { end_main(name, {ExitStatus::How::code, 0}); });
}

void KeeperHost::perform(const process::KillCgroup& kill) {
  const auto found = processes_.find(kill.name);
  if (found == processes_.end()) return;
  hardware_.after(around_.chance.take(around_.pace.kill), found->second.life,
                  [this, name = kill.name] { end_main(name, {ExitStatus::How::signal, SIGKILL}); });
}

void KeeperHost::kill_main(const ProcessName& name, const ExitStatus& status) {
  hardware_.after(Time{}, life_, [this, name, status] { end_main(name, status); });
}

// Its children end with it. One that ends at once is seen to start first.
void KeeperHost::end_main(const ProcessName& name, const ExitStatus& status) {
  const auto found = processes_.find(name);
  if (found == processes_.end() || !std::exchange(found->second.main, false)) return;
  tell_started(name);
  hardware_.let_go(core::GroupName{name.group}, resource_of(name));
  take(process::MainEnded{name, status});
  take(process::CgroupEmptied{name});
}

void KeeperHost::perform(const process::RemoveProcess& remove) {
  const auto found = processes_.find(remove.name);
  if (found == processes_.end()) return;
  found->second.life.end();
  processes_.erase(found);
}

bool KeeperHost::runs(const ProcessName& name) const {
  const auto found = processes_.find(name);
  return found != processes_.end() && found->second.main;
}

// --- Letting go ---------------------------------------------------------------------------------

void KeeperHost::perform(const process::StartRelease& release) {
  release_next(release, 0);
}

void KeeperHost::release_next(const process::StartRelease& release, size_t done) {
  if (done == release.releases.size()) return take(process::ReleaseEnded{release.group, {}});
  const auto owner = owner_of(release.releases[done]);
  const auto takes = world_.undo(owner.first, owner.second);
  if (!takes) {
    hardware_.at(release.until, life_, [this, release, resource = owner.second] {
      take(process::ReleaseEnded{release.group,
                                 failure(resource.value + " cannot be let go of in time")});
    });
    return;
  }
  hardware_.after(*takes, life_, [this, release, done, owner] {
    hardware_.let_go(owner.first, owner.second);
    release_next(release, done + 1);
  });
}

void KeeperHost::perform(const process::ArmReset& arm) {
  hardware_.arm_watchdog(arm.bound);
}

void KeeperHost::perform(const process::DisarmReset&) {
  hardware_.disarm_watchdog();
}

void KeeperHost::perform(const process::ResetNode& reset) {
  hardware_.after(Time{}, life_, [end = world_.reset_node, why = reset.reason] { end(why); });
}

process::Release release_of(const core::GroupName& group, const core::Resource& resource) {
  if (std::holds_alternative<core::Partition>(resource.what))
    return process::ReleaseMount{group.value, resource.name.value};
  return process::ReleaseAddress{group.value, resource.name.value, 0};
}

std::pair<core::GroupName, core::ResourceName> owner_of(const process::Release& release) {
  if (const auto* mount = std::get_if<process::ReleaseMount>(&release))
    return {core::GroupName{mount->device}, core::ResourceName{mount->mount_point}};
  const auto& address = std::get<process::ReleaseAddress>(release);
  return {core::GroupName{address.interface}, core::ResourceName{address.address}};
}

}  // namespace tasuki::simulation
