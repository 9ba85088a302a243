#include "tests/simulation/scenario.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tasuki::simulation {
namespace {

using core::NodeId;

// Longer than everything that may follow from the last fault: starts that hang on every node, stops
// that hang and the reset after them, a boot, a lease.
constexpr Time kSettled = 4min;
constexpr Time kStill = 1min;
constexpr Time kTroubleMost = 4min;
constexpr Time kUntilPowerFails = 100ms;
constexpr Time kGroupsMoveAway = 5s;

class Maker {
 public:
  Maker(uint64_t seed, const Size& size)
      : chance_(seed ^ kSalt),
        disks_(seed ^ kDiskSalt),
        settings_(seed ^ kSettingsSalt),
        removals_(seed ^ kRemovalsSalt),
        size_(size) {
    made_.seed = seed;
    made_.length = size.length;
  }

  Scenario make() {
    make_cluster();
    make_other_configs();
    Time now = 30s;
    while (now + kTroubleMost + 2 * (kSettled + kStill) <= size_.length || made_.quiets.empty()) {
      const Time begun = now;
      now = trouble(now);
      change_settings(begun, now + kSettled, 10s);
      now = quiet(now);
      now = mend(now);
      now = quiet(now);
    }
    made_.length = std::max(made_.length, now);
    std::ranges::sort(made_.faults, {},
                      [](const Fault& fault) { return std::pair(fault.time, fault.number); });
    return std::move(made_);
  }

 private:
  // Streams other than the world's, and than each other.
  static constexpr uint64_t kSalt = 0x7461'7375'6b69;
  static constexpr uint64_t kDiskSalt = 0x6469'736b;
  static constexpr uint64_t kRemovalsSalt = 0x7265'6d6f'7665;
  static constexpr uint64_t kSettingsSalt = 0x7365'7474'696e'6773;

  // --- The cluster

  void make_cluster() {
    core::Config& config = made_.config;
    config.cluster_name = "simulated";
    config.timing.release = 2s;
    const uint32_t count = size_.nodes != 0 ? size_.nodes : 2 + static_cast<uint32_t>(pick(4));
    const bool all_fenced = pick(2) == 0;
    for (uint32_t id = 1; id <= count; ++id) {
      core::Node node;
      node.id = NodeId{id};
      node.name = fmt::format("sv{}", id);
      node.addresses = {fmt::format("10.0.0.{}", id)};
      if (all_fenced || pick(3) == 0) node.fence.push_back({"fence_one", {}, 5s});
      if (!node.fence.empty() && pick(3) == 0) node.fence.push_back({"fence_two", {}, 5s});
      Traits& traits = made_.traits[node.id];
      traits.drift = static_cast<int64_t>(pick(401)) - 200;
      traits.pausable = pick(3) == 0;
      traits.watchdog = pick(4) != 0;
      node.machine = traits.pausable ? core::Machine::virtual_machine : core::Machine::physical;
      config.nodes.push_back(node);
    }
    if (count % 2 == 0 && pick(3) != 0) {
      config.witness = core::Witness{"10.0.0.99"};
      if (pick(2) == 0) config.witness->type = core::WitnessType::http;
      // A paused machine cannot know that it slept while the witness voted for the others, and then
      // for it: docs/simulation.md.
      for (auto& [node, traits] : made_.traits) traits.pausable = false;
    }
    if (!core::nodes_judge_witness(config) && !core::decided_by_fence(config) && pick(3) == 0)
      config.lease_device = "/dev/lease";
    for (uint32_t number = 1; number <= size_.groups; ++number) add_group(config, number);
    give_settings(config);
  }

  // The last group has none, and is the one that another configuration takes out.
  void give_settings(core::Config& config) {
    for (uint32_t number = 0; number + 1 < size_.groups; ++number)
      if (settings_.pick(4) != 0)
        config.groups[number].registry = {fmt::format("HKLM\\SOFTWARE\\{}", number + 1)};
  }

  void add_group(core::Config& config, uint32_t number) {
    core::Group group;
    group.name = core::GroupName{fmt::format("g{}", number)};
    for (const core::Node& node : config.nodes) group.policy.push_back(node.id);
    for (size_t i = group.policy.size(); i > 1; --i)
      std::swap(group.policy[i - 1], group.policy[pick(i)]);
    if (group.policy.size() > 2 && pick(3) == 0) group.policy.resize(2);
    group.failback = pick(4) == 0 ? core::Failback::automatic : core::Failback::manual;
    group.failback_after = 20s;
    const auto add = [&](const char* name, auto what) {
      core::Resource resource{core::ResourceName{name}, std::move(what), 5s, 4s, 0, 10min};
      if (pick(3) == 0) resource.restarts = 2;
      group.resources.push_back(std::move(resource));
    };
    if (pick(4) != 0)
      add("partition-1",
          core::Partition{
              fmt::format("/dev/{}", number), fmt::format("/mnt/{}", number), "ext4", "", "",
              disks_.pick(3) == 0 ? core::Guard::scsi_reservation : core::Guard::proof});
    add("floating-ip-1", core::FloatingIp{fmt::format("10.0.1.{}", number), 24, ""});
    if (pick(4) != 0) {
      core::Service service;
      service.name = core::ServiceName{fmt::format("service-{}", number)};
      service.command = {"/bin/service"};
      service.user = "nobody";
      service.stop_limit = 3s;
      config.services.push_back(service);
      add("service-1", core::ServiceUse{service.name});
    }
    if (pick(4) == 0) add("scripts", core::Scripts{"/start", "/stop", "root"});
    config.groups.push_back(std::move(group));
  }

  void make_other_configs() {
    for (int number = 1; number <= 3; ++number) {
      core::Config config = made_.config;
      const size_t what = pick(4);
      if (what == 0) config.timing.release = 3s;
      if (what == 1) add_group(config, size_.groups + static_cast<uint32_t>(number));
      if (what == 2 && config.groups.size() > 1) config.groups.pop_back();
      core::Group& group = config.groups[pick(config.groups.size())];
      if (what == 3) std::ranges::reverse(group.policy);
      if (config.nodes.size() > 2 && removals_.pick(4) == 0) remove_last_node(config);
      group.environment["CHANGED"] = fmt::format("{}", number);
      made_.other_configs[fmt::format("config-{}", number)] = std::move(config);
    }
  }

  static void remove_last_node(core::Config& config) {
    const NodeId removed = config.nodes.back().id;
    config.nodes.pop_back();
    for (core::Group& group : config.groups) std::erase(group.policy, removed);
  }

  // --- What befalls it

  size_t pick(size_t below) { return chance_.pick(below); }
  NodeId any_node() { return made_.config.nodes[pick(made_.config.nodes.size())].id; }
  NodeId another_node(NodeId than) {
    const NodeId other = any_node();
    return other != than
               ? other
               : NodeId{than.value % static_cast<uint32_t>(made_.config.nodes.size()) + 1};
  }
  const core::Group& any_group() { return made_.config.groups[pick(made_.config.groups.size())]; }

  void at(Time time, Sentence sentence) {
    made_.faults.push_back({time, std::move(sentence), made_.faults.size()});
  }
  static Sentence of(Deed deed, std::vector<NodeId> nodes = {}) {
    Sentence sentence;
    sentence.deed = deed;
    sentence.nodes = std::move(nodes);
    return sentence;
  }
  static Sentence of_group(Deed deed, const core::GroupName& group,
                           std::vector<NodeId> nodes = {}) {
    Sentence sentence = of(deed, std::move(nodes));
    sentence.group = group;
    return sentence;
  }
  Time soon() { return Time(static_cast<int64_t>(pick(3'000'000))); }
  // From a moment to longer than every limit.
  Time a_while() {
    constexpr Time kWhiles[] = {100ms, 700ms, 3s, 10s, 30s, 90s};
    const Time most = kWhiles[pick(std::size(kWhiles))];
    return Time(static_cast<int64_t>(pick(static_cast<size_t>(most.count())))) + 1ms;
  }

  Time trouble(Time from) {
    const Time until = from + 1min + Time(static_cast<int64_t>(pick(180'000'000)));
    constexpr Time kPaces[] = {500ms, 2s, 8s, 20s};
    const Time pace = kPaces[pick(std::size(kPaces))];
    for (Time now = from; now < until;
         now += Time(static_cast<int64_t>(pick(static_cast<size_t>(2 * pace.count())))) + 1ms)
      fault(now);
    for (Fault& fault : made_.faults) fault.time = std::min(fault.time, until);
    return until;
  }

  void fault(Time now) {
    switch (pick(16)) {
      case 0:
      case 1:
        return machine_fault(now);
      case 2:
      case 3:
      case 4:
        return network_fault(now);
      case 5:
        return flapping(now);
      case 6:
        return program_fault(now);
      case 7:
      case 8:
        return resource_fault(now);
      case 9:
        return disk_fault(now);
      case 10:
        return fence_fault(now);
      case 11:
        return administrator_vouches(now);
      default:
        return administrator(now);
    }
  }

  void machine_fault(Time now) {
    const NodeId node = any_node();
    switch (pick(4)) {
      case 0:
        at(now, of(made_.traits[node].pausable ? Deed::pause : Deed::freeze, {node}));
        return at(now + a_while(), of(Deed::thaw, {node}));
      case 1:
        at(now, of(Deed::freeze, {node}));
        return at(now + a_while(), of(Deed::thaw, {node}));
      default:
        at(now, of(Deed::lose, {node}));
        if (pick(4) != 0) at(now + a_while(), of(Deed::start, {node}));
    }
  }

  void network_fault(Time now) {
    const NodeId node = any_node();
    const NodeId other = another_node(node);
    switch (pick(8)) {
      case 0:
        sticks(now, node);
        [[fallthrough]];
      case 1:
        at(now, of(Deed::cut, {node}));
        break;
      case 2:
        at(now, of(Deed::cut_between, {node, other}));
        break;
      case 3:
        at(now, of(Deed::cut_one_way, {node, other}));
        break;
      case 4:
        if (pick(2) == 0) {
          at(now, of(Deed::cut_witness, {node}));
          break;
        }
        at(now, of(Deed::witness_refuses, {node}));
        return at(now + a_while(), of(Deed::witness_takes, {node}));
      case 5:
        at(now, of(Deed::lose_witness));
        return at(now + a_while(), of(Deed::start_witness));
      default: {
        Sentence slow = of(pick(2) == 0 ? Deed::delay : Deed::loss, {node});
        slow.duration = Time(std::chrono::milliseconds(pick(200)));
        slow.percent = static_cast<int>(pick(60));
        at(now, slow);
      }
    }
    if (pick(4) != 0) at(now + a_while(), of(Deed::heal));
  }

  // It cannot let go of something, when it may have to.
  void sticks(Time now, NodeId node) {
    const core::Group& group = any_group();
    Sentence sentence = of_group(Deed::stop_hangs, group.name, {node});
    sentence.resource = group.resources[pick(group.resources.size())].name;
    at(now, sentence);
    at(now + a_while(), of_group(Deed::works, group.name, {node}));
  }

  void flapping(Time now) {
    const NodeId node = any_node();
    const NodeId other = another_node(node);
    const size_t times = 2 + pick(8);
    for (size_t i = 0; i < times; ++i) {
      at(now, of(Deed::cut_between, {node, other}));
      now += Time(static_cast<int64_t>(pick(1'500'000)));
      at(now, of(Deed::heal_between, {node, other}));
      now += Time(static_cast<int64_t>(pick(1'500'000)));
    }
  }

  void program_fault(Time now) {
    constexpr Deed kDeeds[] = {Deed::kill_tasukid, Deed::kill_keeper, Deed::kill_corosync,
                               Deed::leave};
    const NodeId node = any_node();
    const Deed deed = kDeeds[pick(std::size(kDeeds))];
    at(now, of(deed, {node}));
    if (deed == Deed::leave && pick(3) != 0) at(now + a_while(), of(Deed::start, {node}));
  }

  void resource_fault(Time now) {
    const core::Group& group = any_group();
    const NodeId node = any_node();
    constexpr Deed kDeeds[] = {Deed::fails, Deed::fails, Deed::start_fails, Deed::start_hangs,
                               Deed::stop_hangs};
    Sentence sentence = of_group(kDeeds[pick(std::size(kDeeds))], group.name, {node});
    sentence.resource = group.resources[pick(group.resources.size())].name;
    at(now, sentence);
    if (sentence.deed != Deed::fails && pick(3) != 0)
      at(now + a_while(), of_group(Deed::works, group.name, {node}));
  }

  void disk_fault(Time now) {
    const NodeId node = any_node();
    if (pick(6) == 0) {
      Sentence jump = of(Deed::clock_jumps, {node});
      jump.duration = std::chrono::hours(1 + pick(100));
      return at(now, jump);
    }
    at(now, of(pick(2) == 0 ? Deed::disk_slow : Deed::disk_hangs, {node}));
    at(now + a_while(), of(Deed::disk_works, {node}));
  }

  void fence_fault(Time now) {
    const NodeId node = any_node();
    at(now, of(pick(2) == 0 ? Deed::fence_fails : Deed::fence_hangs, {node}));
    if (pick(3) != 0) at(now + a_while(), of(Deed::fence_works, {node}));
  }

  // What the groups' programs do, some of it at once, wherever they may run.
  void change_settings(Time from, Time until, Time pause) {
    const auto some = [this](Time most) {
      return Time(static_cast<int64_t>(settings_.pick(static_cast<size_t>(most.count()))));
    };
    for (Time now = from + some(pause); now < until; now += some(pause)) {
      const core::Group& group = made_.config.groups[settings_.pick(made_.config.groups.size())];
      if (group.registry.empty()) continue;
      const NodeId node = made_.config.nodes[settings_.pick(made_.config.nodes.size())].id;
      if (settings_.pick(40) == 0) at(now, of_group(Deed::accept_settings, group.name, {node}));
      Time moment = now;
      for (size_t left = 1 + settings_.pick(4); left > 0 && moment < until; --left) {
        at(moment, of_group(Deed::change_setting, group.name, {node}));
        moment += some(pause / 100);
      }
    }
  }

  void administrator_vouches(Time now) {
    at(now, of(pick(2) == 0 ? Deed::confirm_down : Deed::accept_loss, {any_node()}));
  }

  void administrator(Time now) {
    const core::GroupName group = any_group().name;
    const NodeId node = any_node();
    switch (pick(9)) {
      case 0:
      case 1:
        return at(now, of_group(Deed::group_move, group, {node}));
      case 2:
        return at(now, of_group(Deed::group_stop, group));
      case 3:
        return at(now, of_group(Deed::group_start, group));
      case 4:
        return at(now, of_group(Deed::group_retry, group));
      case 5:
        at(now, of(Deed::node_standby, {node}));
        return at(now + a_while(), of(Deed::node_resume, {node}));
      case 6:
        at(now, of(Deed::lock));
        return at(now + a_while(), of(Deed::unlock));
      case 7: {
        Sentence apply = of(Deed::config_apply);
        apply.file = fmt::format("config-{}", 1 + pick(made_.other_configs.size()));
        // A server that still has groups cannot be removed.
        const NodeId last = made_.config.nodes.back().id;
        if (made_.other_configs.at(apply.file).find_node(last) == nullptr) {
          at(now, of(Deed::node_standby, {last}));
          now += kGroupsMoveAway;
        }
        return at(now, apply);
      }
      default:
        return at(now + soon(), of_group(Deed::group_move, group));
    }
  }

  // Time to settle, and a time in which nothing may happen.
  Time quiet(Time from) {
    made_.quiets.push_back({from + kSettled, from + kSettled + kStill});
    return made_.quiets.back().until;
  }

  Time mend(Time now) {
    const auto mends = [&](Sentence sentence) { at(now, std::move(sentence)); };
    mends(of(Deed::heal));
    mends(of(Deed::start_witness));
    for (const core::Node& node : made_.config.nodes) {
      for (const Deed deed :
           {Deed::disk_works, Deed::fence_works, Deed::witness_takes, Deed::thaw, Deed::start})
        mends(of(deed, {node.id}));
      for (const core::Group& group : made_.config.groups)
        mends(of_group(Deed::works, group.name, {node.id}));
    }
    // Sometimes the whole office is without power, in the middle of what its programs write.
    if (pick(4) == 0) {
      change_settings(now, now + kUntilPowerFails, 10ms);
      now += kUntilPowerFails;
      for (const core::Node& node : made_.config.nodes) {
        mends(of(Deed::lose, {node.id}));
        mends(of(Deed::start, {node.id}));
      }
    }
    return now;
  }

  Chance chance_;
  Chance disks_;
  Chance settings_;
  Chance removals_;
  Size size_;
  Scenario made_;
};

}  // namespace

Scenario make_scenario(uint64_t seed, const Size& size) {
  return Maker(seed, size).make();
}

}  // namespace tasuki::simulation
