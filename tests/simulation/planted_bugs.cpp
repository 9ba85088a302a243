#include "tests/simulation/planted_bugs.hpp"

#include <memory>

namespace tasuki::simulation {
namespace {

using core::Message;
using core::NodeId;

Hooks ignore_lease_proof_time() {
  Hooks hooks;
  hooks.timer = [](const std::string& timer, Time usual) {
    return timer.starts_with("lease/") ? Time(1ms) : usual;
  };
  return hooks;
}

Hooks believe_fence() {
  Hooks hooks;
  hooks.fence = [](const Result<void>&) { return Result<void>{}; };
  return hooks;
}

Hooks forget_epoch() {
  Hooks hooks;
  hooks.write = [](proto::StateFile file) {
    file.durable.epoch_members.clear();
    return file;
  };
  return hooks;
}

Hooks hide_what_is_held() {
  Hooks hooks;
  hooks.say = [](NodeId, Message message) -> std::optional<Message> {
    if (auto* hello = std::get_if<core::Hello>(&message)) hello->holds.clear();
    return message;
  };
  return hooks;
}

Hooks acknowledge_before_disk() {
  Hooks hooks;
  hooks.acknowledge_at_once = [] { return true; };
  return hooks;
}

Hooks keeper_never_lets_go() {
  Hooks hooks;
  hooks.keeper = [](const process::Effect& effect) {
    return !std::holds_alternative<process::EndTasukid>(effect) &&
           !std::holds_alternative<process::ArmReset>(effect) &&
           !std::holds_alternative<process::SignalProcess>(effect) &&
           !std::holds_alternative<process::ResetNode>(effect);
  };
  return hooks;
}

Hooks lease_of_paused_machine() {
  Hooks hooks;
  hooks.config = [](core::Config config) {
    for (core::Node& node : config.nodes) node.machine = core::Machine::physical;
    return config;
  };
  return hooks;
}

Hooks deaf_to_some() {
  Hooks hooks;
  hooks.hear = [heard = std::make_shared<int>(0)](NodeId by, NodeId,
                                                  Message message) -> std::optional<Message> {
    const bool report = std::holds_alternative<core::Report>(message);
    if (by == NodeId{2} && report && ++*heard % 5 == 0) return std::nullopt;
    return message;
  };
  return hooks;
}

Hooks never_says_that_it_is_up() {
  Hooks hooks;
  hooks.say = [](NodeId, Message message) -> std::optional<Message> {
    const auto* report = std::get_if<core::Report>(&message);
    if (report != nullptr && report->report.phase == core::Phase::online) return std::nullopt;
    return message;
  };
  return hooks;
}

Hooks timers_never_end() {
  Hooks hooks;
  hooks.timer = [](const std::string&, Time) { return Time(std::chrono::hours(1000)); };
  return hooks;
}

Hooks forget_fence_results() {
  Hooks hooks;
  hooks.say = [](NodeId, Message message) -> std::optional<Message> {
    if (std::holds_alternative<core::FenceResult>(message)) return std::nullopt;
    return message;
  };
  return hooks;
}

Hooks give_up_healthy_groups() {
  Hooks hooks;
  hooks.say = [said = std::make_shared<int>(0)](NodeId, Message message) -> std::optional<Message> {
    auto* report = std::get_if<core::Report>(&message);
    if (report != nullptr && report->report.phase == core::Phase::online && ++*said % 3 == 0) {
      report->report.phase = core::Phase::offline;
      report->report.failure = "nothing";
    }
    return message;
  };
  return hooks;
}

Hooks forget_failures_at_once() {
  Hooks hooks;
  hooks.timer = [](const std::string& timer, Time usual) {
    return timer.starts_with("failure/") ? Time(1s) : usual;
  };
  return hooks;
}

Hooks believe_stops() {
  Hooks hooks;
  hooks.believe_stop = [] { return true; };
  return hooks;
}

Hooks renew_without_ring() {
  Hooks hooks;
  hooks.renew_alone = [] { return true; };
  return hooks;
}

Hooks release_early() {
  Hooks hooks;
  hooks.release_early = [] { return true; };
  return hooks;
}

Hooks disk_refuses_nobody() {
  Hooks hooks;
  hooks.take_all_writes = [] { return true; };
  return hooks;
}

Hooks settings_before_disk() {
  Hooks hooks;
  hooks.store_settings_at_once = [] { return true; };
  return hooks;
}

Hooks deaf_to_some_settings() {
  Hooks hooks;
  hooks.hear_setting = [heard = std::make_shared<int>(0)](NodeId by,
                                                          const settings::Message& message) {
    return by != NodeId{2} || !std::holds_alternative<settings::Changed>(message) ||
           ++*heard % 5 != 0;
  };
  return hooks;
}

Hooks everybody_has_all_settings() {
  Hooks hooks;
  hooks.say = [](NodeId, Message message) -> std::optional<Message> {
    if (auto* snapshot = std::get_if<core::Snapshot>(&message))
      for (auto& [group, having] : snapshot->state.durable.has_settings)
        having.insert({NodeId{1}, NodeId{2}});
    return message;
  };
  return hooks;
}

Hooks witness_votes_for_all() {
  Hooks hooks;
  hooks.witness_for_all = [] { return true; };
  return hooks;
}

}  // namespace

const std::vector<PlantedBug>& planted_bugs() {
  static const std::vector<PlantedBug> bugs{
      {"ignore-lease-proof-time",
       31,
       "a lost node counts as bound to have let go at once",
       {"owner"},
       ignore_lease_proof_time},
      {"believe-fence",
       370,
       "a fence agent's failure counts as power off",
       {"owner"},
       believe_fence},
      {"forget-epoch",
       31,
       "the state file does not say who took part last",
       {"lost", "owner"},
       forget_epoch},
      {"hide-what-is-held",
       1,
       "a hello does not say what its node has",
       {"owner"},
       hide_what_is_held},
      {"acknowledge-before-disk",
       62,
       "a change is acknowledged before it is on the disk",
       {"lost"},
       acknowledge_before_disk},
      {"keeper-never-lets-go",
       37,
       "the end of the lease has no consequences",
       {"owner"},
       keeper_never_lets_go},
      {"lease-of-paused-machine",
       336,
       "the lease of a machine that can be paused proves something",
       {"owner"},
       lease_of_paused_machine},
      {"deaf-to-some", 1, "one node misses some of what is said", {"state"}, deaf_to_some},
      {"never-says-that-it-is-up",
       1,
       "a group's success is not told",
       {"stands"},
       never_says_that_it_is_up},
      {"timers-never-end", 13, "nobody announces the end of a timer", {"stands"}, timers_never_end},
      {"forget-fence-results",
       3,
       "what the power switch answered is not told",
       {"stands"},
       forget_fence_results},
      {"give-up-healthy-groups",
       1,
       "a group that serves is said to have failed",
       {"reason", "stands", "owner"},
       give_up_healthy_groups},
      {"forget-failures-at-once",
       55,
       "where a group failed it is tried again after a second",
       {"flaps", "reason"},
       forget_failures_at_once},
      {"believe-stops",
       1,
       "a partition counts as let go of while it is mounted",
       {"owner"},
       believe_stops},
      {"renew-without-ring",
       930,
       "the lease is renewed without the ring",
       {"owner"},
       renew_without_ring},
      {"release-early",
       16,
       "a node writes that it let go while it still holds something",
       {"owner"},
       release_early},
      {"disk-refuses-nobody",
       3,
       "a reserved disk takes the writes of a node that it was taken from",
       {"owner"},
       disk_refuses_nobody},
      {"settings-before-disk",
       26,
       "a setting counts as stored before it is on the disk",
       {"lost"},
       settings_before_disk},
      {"deaf-to-some-settings",
       2,
       "one node misses some changes of settings",
       {"state", "lost"},
       deaf_to_some_settings},
      {"everybody-has-all-settings",
       4,
       "a node that was away counts as one that has all settings",
       {"lost"},
       everybody_has_all_settings},
      {"witness-votes-for-all",
       694,
       "the witness gives its vote to both sides",
       {"owner", "lost"},
       witness_votes_for_all},
  };
  return bugs;
}

}  // namespace tasuki::simulation
