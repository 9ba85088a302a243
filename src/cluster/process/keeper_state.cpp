#include "cluster/process/keeper_state.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "kit/assert.hpp"

namespace tasuki::process {
namespace {

// With a third of the release time for an orderly stop, two thirds are left for what is slower:
// the flush of an unmount.
constexpr int kOrderlyStopPart = 3;
// The keeper may be told to end before any lease named a release time.
constexpr milliseconds kReleaseWithoutLease{5000};
constexpr size_t kNameBytesMax = 100;

// Names become folders beside the kernel's cgroup.* files.
bool usable_as_folder(const std::string& name) {
  const auto bad = [](char c) { return c == '/' || (c >= 0 && c < ' '); };
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' &&
         !name.starts_with("cgroup.") && std::ranges::none_of(name, bad);
}

Error unusable_name(const std::string& name) {
  return {fmt::format("\"{}\" cannot name a cgroup", name)};
}

}  // namespace

Effects KeeperState::take(const Fact& fact, Moment now) {
  now_ = now;
  effects_.clear();
  // Whatever the fact is, no deadline that has passed stays unanswered, nor is one put off.
  on(TimePassed{});
  std::visit([this](const auto& what) { on(what); }, fact);
  on(TimePassed{});
  return std::move(effects_);
}

std::optional<Moment> KeeperState::next_deadline() const {
  std::optional<Moment> next;
  const auto earlier = [&next](Moment moment) { next = next ? std::min(*next, moment) : moment; };
  if (lease_) earlier(lease_->until);
  for (const auto& [name, group] : groups_) {
    if (group.letting_go && !group.letting_go->reset_asked) earlier(group.letting_go->until);
    for (const auto& [key, process] : group.processes)
      if (process.stopping && process.stopping->kill_at) earlier(*process.stopping->kill_at);
  }
  return next;
}

Left KeeperState::left() const {
  Left left;
  for (const auto& [name, group] : groups_) left[name] = group.releases;
  return left;
}

// --- What happened ------------------------------------------------------------------------------

// As if its lease ran out now: a server whose keeper died owns nothing any more. Where the bound
// has passed no watchdog held it, so nobody took that for a proof.
void KeeperState::on(const LeftBehind& left) {
  for (const auto& [name, releases] : left.groups) groups_[name].releases = releases;
  if (groups_.empty()) return;
  using std::chrono::duration_cast;
  const milliseconds release = left.bound && *left.bound > now_
                                   ? duration_cast<milliseconds>(*left.bound - now_)
                                   : kReleaseWithoutLease;
  effects_.emplace_back(ArmReset{release});
  let_go_of_all(release);
}

void KeeperState::on(const ClientConnected&) {
  for (auto& [name, group] : groups_) {
    group.kill_request.reset();
    for (auto& [key, process] : group.processes) {
      if (auto* starting = std::get_if<Starting>(&process.main)) starting->request.reset();
      if (process.stopping) process.stopping->request.reset();
    }
  }
}

void KeeperState::on(const Asked& asked) {
  std::visit([&](const auto& operation) { answer(asked.request.id, operation); },
             asked.request.operation);
}

void KeeperState::on(const Started& started) {
  Process* process = find_process(started.name);
  TASUKI_ASSERT(process != nullptr);
  const auto* starting = std::get_if<Starting>(&process->main);
  TASUKI_ASSERT(starting != nullptr);
  reply(starting->request, SpawnReply{started.pid});
  process->main = Running{started.pid};
}

void KeeperState::on(const StartFailed& failed) {
  Process* process = find_process(failed.name);
  TASUKI_ASSERT(process != nullptr);
  const auto* starting = std::get_if<Starting>(&process->main);
  TASUKI_ASSERT(starting != nullptr);
  reply(starting->request, failed.why);
  process->main = Gone{};
  settle(failed.name);
}

void KeeperState::on(const MainEnded& ended) {
  Process* process = find_process(ended.name);
  TASUKI_ASSERT(process != nullptr);
  const auto* running = std::get_if<Running>(&process->main);
  TASUKI_ASSERT(running != nullptr);
  effects_.emplace_back(Event(Exited{ended.name, running->pid, ended.status, now_}));
  process->main = Gone{};
  // Asked to stop, the main process ended its children itself as far as it wanted to.
  if (process->stopping && process->stopping->kill_at) kill(ended.name, *process);
  settle(ended.name);
}

void KeeperState::on(const CgroupEmptied& emptied) {
  // A process started again in the same cgroup, or one that was removed, makes this old news.
  Process* process = find_process(emptied.name);
  if (process == nullptr) return;
  process->cgroup_empty = true;
  settle(emptied.name);
}

void KeeperState::on(const ReleaseEnded& ended) {
  const auto found = groups_.find(ended.group);
  TASUKI_ASSERT(found != groups_.end() && found->second.letting_go);
  if (!ended.result) {
    ask_reset(ended.group, found->second, ended.result.error().what);
    return;
  }
  effects_.emplace_back(RemoveGroup{ended.group});
  groups_.erase(found);
  arm_reset();
}

void KeeperState::on(const TasukidEnded&) {
  tasukid_may_act_ = false;
  for (auto& [name, group] : groups_) release_when_free(name, group);
}

void KeeperState::on(const EndAsked&) {
  if (!groups_.empty()) return let_go_of_all(lease_ ? lease_->release : kReleaseWithoutLease);
  lease_.reset();
  arm_reset();
}

void KeeperState::on(const TimePassed&) {
  if (lease_ && lease_->until <= now_) let_go_of_all(lease_->release);
  for (auto& [name, group] : groups_) {
    for (auto& [key, process] : group.processes) {
      if (!process.stopping || !process.stopping->kill_at) continue;
      if (*process.stopping->kill_at > now_) continue;
      process.stopping->forced = true;
      kill({name, key}, process);
    }
    if (group.letting_go && group.letting_go->until <= now_) ask_reset(name, group, "time ran out");
  }
}

// --- What tasukid asks --------------------------------------------------------------------------

void KeeperState::answer(uint64_t id, const Hello&) {
  reply(id, snapshot());
}

void KeeperState::answer(uint64_t id, const OpenGroup& open) {
  if (letting_go()) return reply(id, Error{"the lease ran out, groups are being let go of"});
  if (!usable_as_folder(open.group)) return reply(id, unusable_name(open.group));
  const auto [place, made] = groups_.try_emplace(open.group);
  Group before = place->second;
  place->second.releases = open.releases;
  place->second.note = open.note;
  // Whoever comes next must get everything in one packet.
  if (to_packet(Reply{id, snapshot()}).size() > kPacketBytesMax) {
    place->second = std::move(before);
    if (made) groups_.erase(place);
    return reply(id, Error{"the notes of all groups together are too long"});
  }
  reply(id, Done{});
}

void KeeperState::answer(uint64_t id, const CloseGroup& close) {
  const auto found = groups_.find(close.group);
  if (found == groups_.end()) return reply(id, Done{});
  if (found->second.letting_go)
    return reply(id, Error{"the lease ran out, groups are being let go of"});
  if (!found->second.processes.empty())
    return reply(id, Error{fmt::format("\"{}\" still has processes: {}", close.group,
                                       found->second.processes.begin()->first)});
  groups_.erase(found);
  effects_.emplace_back(RemoveGroup{close.group});
  reply(id, Done{});
}

void KeeperState::answer(uint64_t id, const Spawn& spawn) {
  if (letting_go()) return reply(id, Error{"the lease ran out, groups are being let go of"});
  if (spawn.command.empty()) return reply(id, Error{"there is no command to run"});
  if (!usable_as_folder(spawn.name.key)) return reply(id, unusable_name(spawn.name.key));
  const auto group = groups_.find(spawn.name.group);
  if (group == groups_.end())
    return reply(id, Error{fmt::format("the group \"{}\" was not opened", spawn.name.group)});
  if (const Process* process = find_process(spawn.name)) {
    if (process->stopping)
      return reply(id, Error{fmt::format("\"{}\" is being stopped", spawn.name.key)});
    // What a script left running does not keep the script from being run again.
    if (!std::holds_alternative<Gone>(process->main))
      return reply(id, Error{fmt::format("\"{}\" runs already", spawn.name.key)});
  }
  group->second.processes[spawn.name.key] = Process{spawn.tag, Starting{id}, false, {}};
  effects_.emplace_back(StartProcess{spawn});
}

void KeeperState::answer(uint64_t id, const Stop& stop) {
  Process* process = find_process(stop.name);
  if (process == nullptr) return reply(id, StopReply{});
  if (process->stopping && process->stopping->request)
    return reply(id, Error{fmt::format("\"{}\" is being stopped already", stop.name.key)});
  begin_stop(stop.name, *process, stop.signal, now_ + stop.limit);
  process->stopping->request = id;
}

void KeeperState::answer(uint64_t id, const KillGroup& kill_group) {
  const auto found = groups_.find(kill_group.group);
  if (found == groups_.end() || found->second.processes.empty()) return reply(id, Done{});
  found->second.kill_request = id;
  for (auto& [key, process] : found->second.processes) {
    if (!process.stopping) process.stopping = Stopping{{}, {}, true};
    process.stopping->forced = true;
    kill({kill_group.group, key}, process);
  }
}

void KeeperState::answer(uint64_t id, const Lease& lease) {
  if (letting_go()) return reply(id, Error{"the lease ran out, groups are being let go of"});
  const Moment from = std::min(lease.from, now_);
  if (lease.lease == milliseconds{}) {
    lease_.reset();
  } else if (from + lease.lease > now_) {
    lease_ = Held{from + lease.lease, lease.release};
    leased_ = true;
  } else {
    // It was on its way for longer than it holds; the one before runs out as it would have.
    return reply(id, Error{"the lease came too late to count"});
  }
  lease_expired_ = false;
  arm_reset();
  reply(id, Done{});
}

void KeeperState::answer(uint64_t id, const ResetNode& reset) {
  reply(id, Done{});
  effects_.emplace_back(reset);
}

// --- Stopping -----------------------------------------------------------------------------------

// The earlier of two limits counts when a process is stopped twice.
void KeeperState::begin_stop(const ProcessName& name, Process& process, int signal,
                             Moment kill_at) {
  const bool first = !process.stopping;
  if (first) process.stopping = Stopping{{}, kill_at, false};
  if (!process.stopping->kill_at) return;
  process.stopping->kill_at = std::min(*process.stopping->kill_at, kill_at);
  // Without a main process nobody is left who would end the others in an orderly way.
  if (std::holds_alternative<Gone>(process.main)) return kill(name, process);
  effects_.emplace_back(SignalProcess{name, signal});
}

void KeeperState::kill(const ProcessName& name, Process& process) {
  TASUKI_ASSERT(process.stopping);
  process.stopping->kill_at.reset();
  if (!process.cgroup_empty) effects_.emplace_back(KillCgroup{name});
}

// Forgets a process of which nothing is left, and tells who waited for that.
void KeeperState::settle(const ProcessName& name) {
  const auto group = groups_.find(name.group);
  const auto found = group->second.processes.find(name.key);
  const Process& process = found->second;
  if (!process.cgroup_empty || !std::holds_alternative<Gone>(process.main)) return;
  if (process.stopping) reply(process.stopping->request, StopReply{process.stopping->forced});
  effects_.emplace_back(RemoveProcess{name});
  group->second.processes.erase(found);
  if (!group->second.processes.empty()) return;
  reply(std::exchange(group->second.kill_request, {}), Done{});
  release_when_free(name.group, group->second);
}

void KeeperState::let_go_of_all(milliseconds release) {
  lease_.reset();
  lease_expired_ = true;
  tasukid_may_act_ = true;
  effects_.emplace_back(EndTasukid{});
  for (auto& [name, group] : groups_) {
    if (group.letting_go) continue;
    group.letting_go = LettingGo{now_ + release};
    for (auto& [key, process] : group.processes)
      begin_stop({name, key}, process, SIGTERM, now_ + release / kOrderlyStopPart);
  }
  arm_reset();
}

void KeeperState::release_when_free(const std::string& name, Group& group) {
  if (!group.letting_go || !group.processes.empty() || tasukid_may_act_) return;
  if (std::exchange(group.letting_go->releasing, true)) return;
  effects_.emplace_back(StartRelease{name, group.releases, group.letting_go->until});
}

// Sets the reset to what the lease asks for; while groups are let go of it stays as it was armed
// last, whatever is owned next.
void KeeperState::arm_reset() {
  if (letting_go()) return;
  if (!lease_) {
    effects_.emplace_back(DisarmReset{});
    return;
  }
  using std::chrono::duration_cast;
  effects_.emplace_back(
      ArmReset{duration_cast<milliseconds>(lease_->until - now_) + lease_->release});
}

void KeeperState::ask_reset(const std::string& name, Group& group, const std::string& why) {
  if (std::exchange(group.letting_go->reset_asked, true)) return;
  effects_.emplace_back(
      ResetNode{fmt::format("the group \"{}\" could not be let go of: {}", name, why)});
}

// --- Helpers ------------------------------------------------------------------------------------

bool KeeperState::letting_go() const {
  return std::ranges::any_of(groups_, [](const auto& item) { return !!item.second.letting_go; });
}

KeeperState::Process* KeeperState::find_process(const ProcessName& name) {
  const auto group = groups_.find(name.group);
  if (group == groups_.end()) return nullptr;
  const auto process = group->second.processes.find(name.key);
  return process == group->second.processes.end() ? nullptr : &process->second;
}

HelloReply KeeperState::snapshot() const {
  HelloReply hello{{}, lease_expired_, circumstances_.watchdog, leased_};
  for (const auto& [name, group] : groups_) {
    KeptGroup kept{name, group.note, group.releases, {}};
    for (const auto& [key, process] : group.processes)
      if (const auto* running = std::get_if<Running>(&process.main))
        kept.processes.push_back({key, running->pid, process.tag});
    hello.groups.push_back(std::move(kept));
  }
  return hello;
}

void KeeperState::reply(std::optional<uint64_t> id, Answer answer) {
  if (id) effects_.emplace_back(Reply{*id, std::move(answer)});
}

}  // namespace tasuki::process
