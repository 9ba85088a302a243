#include "tests/simulation/checks.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tasuki::simulation {
namespace {

// What follows from a membership is over by then.
constexpr Time kRingSettled = 3min;

// In a ring of its own a lease proves something only after its time.
constexpr Time kProofTakes = 30s;

// A group that cannot be stopped is reason enough for one, and a watchdog for another.
constexpr int kResetsAllowed = 2;

// Without anything that could be a cause a group is started at most once on each node, and there as
// often again as it may be in place. Its scripts are told once more when a partition cannot be
// connected.
int starts_allowed(const core::Config& config, const core::GroupName& name) {
  const core::Group* group = config.find_group(name);
  const int nodes = static_cast<int>(config.nodes.size());
  if (group == nullptr) return nodes + 1;
  int tries = 1;
  bool has_scripts = false;
  bool has_partition = false;
  for (const core::Resource& resource : group->resources) {
    tries += resource.restarts;
    has_scripts |= std::holds_alternative<core::Scripts>(resource.what);
    has_partition |= std::holds_alternative<core::Partition>(resource.what);
  }
  if (has_scripts && has_partition) ++tries;
  return nodes * tries + 1;
}

std::string content_of(const core::Durable& durable) {
  std::string text = fmt::format("{} {}", durable.applied.counter, durable.applied.hash);
  text += durable.intent.locked ? " locked" : "";
  for (const core::NodeId node : durable.intent.standby) text += fmt::format(" -{}", node);
  for (const auto& [group, intent] : durable.intent.groups)
    text += fmt::format(" {}:{}:{}:{}", group, intent.run,
                        intent.moved_to ? intent.moved_to->value : 0, intent.moved_at_version);
  return text;
}

// Rings have increasing numbers.
uint64_t ring_number(const World& world, core::NodeId node) {
  const std::string& ring = world.tasukid(node)->heard().ring;
  const size_t point = ring.find('.');
  return point == std::string::npos ? 0 : std::stoull(ring.substr(point + 1));
}

}  // namespace

Checks::Checks(World& world) : world_(world) {
  world_.observer.held = [this](core::NodeId node, const core::GroupName& group) {
    held(node, group);
  };
  world_.observer.let_go = [this](core::NodeId node, const core::GroupName& group) {
    let_go(node, group);
  };
  world_.observer.reset = [this](core::NodeId node, const std::string& why) { reset(node, why); };
  world_.observer.told = [this](core::NodeId node) { told(node); };
  world_.observer.timer = [this](const std::string& name) {
    if (!name.starts_with("absent/") && !name.starts_with("lease/")) excuse();
  };
  world_.observer.answered = [this](core::NodeId via, const core::Change& change,
                                    const Result<uint64_t>& version) {
    answered(via, change, version);
  };
  world_.observer.setting_asked = [this](const SettingWrite& write) {
    settings_.asked(write, world_.now());
  };
  world_.observer.setting_answered = [this](const SettingWrite& write, settings::Verdict verdict) {
    settings_.answered(write, verdict, world_.now());
  };
}

void Checks::violate(const std::string& invariant, std::string what) {
  if (!violation_) violation_ = {invariant, world_.now(), std::move(what)};
}

// At most one owner may write, a frozen one that may wake included.
void Checks::held(core::NodeId node, const core::GroupName& group) {
  const Nodes holders = world_.holders(group);
  if (holders.size() > 1)
    violate("owner",
            fmt::format("group {} can be written by nodes {}", group, fmt::join(holders, " and ")));
  if (nothing_may_happen())
    violate("reason", fmt::format("group {} comes up on node {} without a cause", group, node));
  const int starts = ++starts_[group];
  if (starts > starts_allowed(world_.config(), group))
    violate("flaps", fmt::format("group {} was started {} times without a cause", group, starts));
}

void Checks::let_go(core::NodeId node, const core::GroupName& group) {
  if (nothing_may_happen())
    violate("reason", fmt::format("group {} goes down on node {} without a cause", group, node));
}

bool Checks::nothing_may_happen() const {
  return still_ && world_.now() - ring_changed_at_ > kRingSettled;
}

void Checks::excuse() {
  still_ = false;
  starts_.clear();
  resets_.clear();
}

// A node that resets itself again and again takes every other group with it each time.
void Checks::reset(core::NodeId node, const std::string& why) {
  // What cannot be stopped after each start that fails is beyond it: docs/simulation.md.
  const bool broken = std::ranges::any_of(world_.config().groups, [&](const core::Group& group) {
    return world_.hardware(node).troubled(group.name);
  });
  if (!broken && ++resets_[node] > kResetsAllowed)
    violate("flaps", fmt::format("node {} resets itself again and again: {}", node, why));
}

// In a network where not everybody reaches everybody rings go on changing, and groups with them;
// and in one ring a tasukid may go and come back.
void Checks::notice_ring(core::NodeId node) {
  const auto ring =
      std::pair(world_.tasukid(node)->heard().ring, world_.replica(node)->view().members);
  if (std::exchange(rings_[node], ring) == ring) return;
  ring_changed_at_ = world_.now();
  starts_.clear();
}

// --- One state ----------------------------------------------------------------------------------

void Checks::told(core::NodeId node) {
  notice_ring(node);
  compare_states(node);
  check_acknowledged(node);
  check_settings(node);
}

void Checks::compare_states(core::NodeId node) {
  const core::Replica& one = *world_.replica(node);
  if (!one.agreed()) return;
  for (const core::NodeId other : one.view().members) {
    const Tasukid* running = other == node ? nullptr : world_.tasukid(other);
    if (running == nullptr || running->replica() == nullptr) continue;
    const core::Replica& known = *running->replica();
    if (!known.agreed() || running->heard() != world_.tasukid(node)->heard()) continue;
    if (known.state() != one.state() || known.may_decide() != one.may_decide() ||
        known.fences() != one.fences())
      violate("state", fmt::format("nodes {} and {} were told the same and differ", node, other));
    // A side that decides nothing has not agreed upon who lacks some.
    if (!one.may_decide()) continue;
    for (const core::Group& group : one.state().config().groups) {
      const settings::Follower* here = world_.tasukid(node)->settings_of(group.name);
      const settings::Follower* there = running->settings_of(group.name);
      if (here == nullptr || there == nullptr || !here->has_all() || !there->has_all()) continue;
      if (here->stand().number != there->stand().number ||
          here->stand().digest != there->stand().digest)
        violate("state", fmt::format("nodes {} and {} were told the same, and their settings of "
                                     "group {} differ",
                                     node, other, group.name));
    }
  }
}

// --- Nothing acknowledged is lost ---------------------------------------------------------------

void Checks::answered(core::NodeId via, const core::Change& change,
                      const Result<uint64_t>& version) {
  excuse();
  const core::Replica* asked = world_.replica(via);
  if (!version) {
    // Whoever accepts the loss in words may lose what only the lost ones knew.
    if (version.error().code == EPERM && std::holds_alternative<core::ConfirmNodeDown>(change)) {
      newest_ = {};
      settings_.forget();
    }
    return;
  }
  if (const auto* accept = std::get_if<core::AcceptSettings>(&change))
    settings_.forget(accept->group);
  // A vouch that a side without the right takes is forgotten when a membership knows more.
  if (asked != nullptr && asked->may_decide() && *version >= newest_.version &&
      asked->state().durable.version == *version)
    newest_ = {*version, content_of(asked->state().durable), ring_number(world_, via)};
}

void Checks::check_acknowledged(core::NodeId node) {
  const core::Replica& one = *world_.replica(node);
  if (!one.may_decide()) return;
  const core::Durable& durable = one.state().durable;
  // Others of the ring in which it was acknowledged may hear of it a moment later.
  if (durable.version < newest_.version && ring_number(world_, node) > newest_.ring)
    violate("lost", fmt::format("node {} decides with version {}, and {} was acknowledged", node,
                                durable.version, newest_.version));
  const std::string content = content_of(durable);
  if (newest_.version > 0 && durable.version == newest_.version && content != newest_.content)
    violate("lost", fmt::format("version {} on node {} is not the one that was acknowledged",
                                durable.version, node));
}

// Where a group is active there is what was acknowledged last, as far as it is shown there.
void Checks::check_settings(core::NodeId node) {
  for (const auto& [group, state] : world_.replica(node)->state().groups)
    if (state.holder == node) check_settings(node, group);
}

void Checks::check_settings(core::NodeId node, const core::GroupName& group) {
  const Tasukid& tasukid = *world_.tasukid(node);
  const settings::Follower* follower = tasukid.settings_of(group);
  if (follower == nullptr || !follower->has_all() || !tasukid.replica()->may_decide()) return;
  const std::string contradiction = settings_.contradiction(group, follower->content());
  if (!contradiction.empty()) violate("lost", fmt::format("on node {} {}", node, contradiction));
}

// --- What can run runs --------------------------------------------------------------------------

void Checks::expect_peace() {
  if (world_.now() - ring_changed_at_ < kProofTakes) return;
  bool somebody_decides = false;
  for (const core::NodeId node : world_.nodes()) {
    const core::Replica* one = world_.replica(node);
    if (one == nullptr || !world_.hardware(node).runs() || !one->may_decide()) continue;
    if (*one->view().members.begin() != node) continue;
    somebody_decides = true;
    for (const core::Group& group : one->state().config().groups) expect_group(*one, group);
  }
  bool everybody_is_there = true;
  for (const core::NodeId node : world_.nodes())
    everybody_is_there &= world_.hardware(node).runs() && world_.replica(node) != nullptr &&
                          world_.ring_of(node).size() == world_.nodes().size();
  if (everybody_is_there && !somebody_decides) {
    const core::Replica& one = *world_.replica(*world_.nodes().begin());
    violate("stands", "all are there and none may decide: " + one.obstacle());
  }
}

// Whether there is a proof that the absent node let go, or a way to it.
bool Checks::provable(const core::Replica& one, core::NodeId absent) const {
  if (one.state().let_go(absent) != core::LetGo::unproven) return true;
  if (world_.can_be_switched_off(absent)) return true;
  const auto facts = one.state().nodes.find(absent);
  return facts != one.state().nodes.end() && one.state().lease_counts(absent) &&
         !facts->second.may_hold_anything && !core::decided_by_fence(one.state().config());
}

void Checks::expect_group(const core::Replica& one, const core::Group& group) {
  const core::State& state = one.state();
  const auto found = state.groups.find(group.name);
  if (found == state.groups.end())
    return violate("stands", fmt::format("group {} was never thought of", group.name));
  const core::GroupState& now = found->second;
  if (!state.intent_of(group.name).run || now.failed || now.stopped_by_conflict()) return;
  const bool usable = std::ranges::any_of(group.policy, [&](core::NodeId node) {
    return one.view().members.contains(node) && !state.durable.intent.standby.contains(node) &&
           !now.failures.contains(node);
  });
  // What follows the group has to be here before it may start.
  const auto having = state.durable.has_settings.find(group.name);
  const bool settings_are_here =
      !core::follows_settings(group) || having == state.durable.has_settings.end() ||
      std::ranges::any_of(having->second,
                          [&](core::NodeId node) { return one.view().members.contains(node); });
  if (!settings_are_here) return;
  const bool holder_is_here = now.holder && one.view().members.contains(*now.holder);
  if (!usable && !holder_is_here) return;
  if (state.durable.intent.locked && !holder_is_here) return;
  const bool broken = std::ranges::any_of(
      group.policy, [&](core::NodeId node) { return world_.hardware(node).troubled(group.name); });
  if (broken) return;
  Nodes awaited = now.may_be_on;
  if (now.holder) awaited.insert(*now.holder);
  for (const core::NodeId node : group.policy) {
    const auto facts = state.nodes.find(node);
    if (facts != state.nodes.end() && facts->second.may_hold_anything) awaited.insert(node);
  }
  const bool waits_for_ever = std::ranges::any_of(awaited, [&](core::NodeId node) {
    return !core::disks_refuse_others(group) && !one.view().members.contains(node) &&
           !provable(one, node);
  });
  if (waits_for_ever) return;
  const Nodes holders = world_.holders(group.name);
  const bool serves =
      now.holder && now.phase == core::Phase::online && holders.contains(*now.holder);
  if (!serves)
    violate("stands", fmt::format("group {} could run and does not ({}): {}", group.name,
                                  core::to_text(now.phase), now.reason));
}

}  // namespace tasuki::simulation
