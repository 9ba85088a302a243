#include "cluster/core/explain.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/core/timing.hpp"
#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::core {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

// What proves that a node that is away owns nothing; empty when nothing does.
std::string proof_of(const State& state, NodeId node) {
  return describe(state.node_name(node), state.let_go(node));
}

// How a loss of the node would be proved, the fastest first.
std::vector<std::string> possible_proofs(const State& state, const Node& node) {
  const Config& config = state.config();
  std::vector<std::string> proofs;
  for (const FenceDevice& device : node.fence)
    proofs.push_back(fmt::format("its power switched off by {} and confirmed, within {}",
                                 device.agent, format_duration(device.limit)));
  if (const auto slots = slot_place(config))
    proofs.push_back(fmt::format("its own word on {} that it let go, if it lives", slots->name()));
  if (const auto timing = derive_timing(config);
      timing && state.lease_counts(node.id) && !decided_by_fence(config))
    proofs.push_back(fmt::format("the end of its lease, {} after the loss was noticed",
                                 format_duration(timing->lease_proof)));
  proofs.push_back("your word: tasuki node confirm-down " + node.name);
  return proofs;
}

std::string why_lease_is_none(const State& state, const Node& node) {
  if (decided_by_fence(state.config()))
    return "its lease proves nothing, as of two servers without a witness only a switched-off one "
           "has surely lost";
  if (state.lease_counts(node.id))
    return "its lease counts: it has a watchdog that nothing can pause";
  const auto facts = state.nodes.find(node.id);
  if (node.machine == Machine::virtual_machine)
    return "its lease proves nothing: by the configuration it is a virtual machine, which may be "
           "paused with its watchdog";
  if (facts == state.nodes.end() || !facts->second.hardware)
    return "whether its lease proves anything is not known, as it has not been met yet";
  if (!facts->second.hardware->watchdog) return "its lease proves nothing: it has no watchdog";
  return "its lease proves nothing: it is a virtual machine, which may be paused with its watchdog";
}

std::string votes(const Situation& situation) {
  const Config& config = situation.state.config();
  const std::string here = fmt::format("{} of {} servers are in the cluster",
                                       situation.view.members.size(), config.nodes.size());
  if (config.nodes.size() == 1 || decided_by_fence(config)) return here;
  return fmt::format("{}, {} majority of the votes{}", here,
                     situation.view.quorate ? "which is a" : "which is no",
                     witness_votes(config) > 0 ? ", the witness's counted" : "");
}

constexpr const char* kBringBack = "bring the servers that are missing back, or the witness";

constexpr const char* kNewsRule =
    "only a side that knows all that was acknowledged starts or moves anything: whoever was away "
    "first meets those that may know more";

constexpr const char* kRightRule =
    "only a side with the right to decide starts or moves anything: a majority of the votes, or of "
    "two servers without a witness the one that switched the other off";

std::string rule_of(const Situation& situation, const Decision& decision, const GroupState& now) {
  const bool run = situation.state.intent_of(decision.group).run;
  return std::visit(
      Overloaded{
          [](const Keep&) -> std::string {
            return "a group stays where it runs until a failure, an administrator or its failback "
                   "moves it";
          },
          [&](const Rest&) -> std::string {
            if (now.stopped_by_conflict())
              return "two servers must never own a group, so a person decides";
            if (!run) return "what an administrator stopped, and what has no autostart, stays down";
            if (now.failed)
              return "a group that failed on every server of its policy waits for a person";
            return "while the cluster is locked nothing moves by itself";
          },
          [](const Wait& wait) -> std::string {
            if (!wait.letting_go.empty())
              return "a group starts only when it is proved that every server that may own some of "
                     "it let go";
            return "a group is down in full before it starts elsewhere, and it starts only on a "
                   "server of its policy that is in the cluster, not set aside and not leaving, "
                   "and "
                   "where it did not fail";
          },
          [](const Start&) -> std::string {
            return "a group starts on the first server of its policy that can run it, or where it "
                   "was sent last";
          },
          [](const Stop&) -> std::string {
            return "a group is down in full before it starts elsewhere";
          },
          [](const GiveUp&) -> std::string {
            return "a group that failed on every server of its policy waits for a person";
          },
      },
      decision.verdict);
}

const GroupState& group_state(const State& state, const GroupName& name) {
  static const GroupState unknown;
  const auto found = state.groups.find(name);
  return found == state.groups.end() ? unknown : found->second;
}

std::vector<std::string> facts_of_group(const Situation& situation, const Group& group) {
  const State& state = situation.state;
  const GroupState& now = group_state(state, group.name);
  const GroupIntent intent = state.intent_of(group.name);
  const bool asked = state.durable.intent.groups.contains(group.name);
  std::vector<std::string> facts;
  if (intent.run)
    facts.emplace_back(asked ? "an administrator wants it up" : "it starts by itself (autostart)");
  else
    facts.emplace_back(asked ? "an administrator stopped it" : "autostart = false");
  if (intent.moved_to)
    facts.push_back("an administrator sent it to " + state.node_name(*intent.moved_to));
  if (state.durable.intent.locked) facts.emplace_back("the cluster is locked");
  if (now.holder)
    facts.push_back(fmt::format("{} has it, and reported last that it is {}",
                                state.node_name(*now.holder), to_text(now.phase)));
  else
    facts.emplace_back("no server has it");
  if (now.conflict) facts.push_back("two servers had it: " + describe(state, *now.conflict));
  for (const NodeId node : now.may_be_on)
    facts.push_back(state.node_name(node) + " may own some of it too");
  if (!now.suspended.empty()) facts.push_back("its services are stopped: " + now.suspended);
  facts.push_back(votes(situation));
  return facts;
}

// What would become of the group if its holder were lost.
std::vector<std::string> outlook(const Situation& situation, const Group& group,
                                 const Node& holder) {
  const State& state = situation.state;
  std::vector<std::string> lines;
  const auto next = next_node(state, situation.view, group.name);
  if (!next) return {fmt::format("if {} were lost, no server could take it over", holder.name)};
  if (disks_refuse_others(group))
    lines.push_back(
        fmt::format("if {} were lost, {} could start it at once: its disks refuse {} "
                    "from then on",
                    holder.name, state.node_name(*next), holder.name));
  for (const std::string& proof : possible_proofs(state, holder))
    lines.push_back(fmt::format("if {} were lost, {} could start it after {}", holder.name,
                                state.node_name(*next), proof));
  return lines;
}

// Of a side that may not decide.
std::string obstacle_rule(const Situation& situation) {
  return has_right_to_decide(situation.state, situation.view) ? kNewsRule : kRightRule;
}

void explain_absent_owner(const Situation& situation, NodeId id, Explanation& told) {
  const State& state = situation.state;
  const std::string name = state.node_name(id);
  told.proof.push_back(fmt::format("missing: nothing proves that {} let go", name));
  const auto facts = state.nodes.find(id);
  if (facts != state.nodes.end() && !facts->second.fence_problem.empty())
    told.proof.push_back(
        fmt::format("its power could not be switched: {}", facts->second.fence_problem));
  const Node* node = state.config().find_node(id);
  if (node != nullptr && node->fence.empty()) told.proof.push_back(name + " has no power switch");
  if (node != nullptr) told.proof.push_back(why_lease_is_none(state, *node));
  told.remedies.push_back(fmt::format("start {}; it lets go of what it should not own", name));
  if (const std::string advice = advice_about(situation, id); !advice.empty())
    told.remedies.push_back(advice);
}

Decision decision_for(const Situation& situation, const Group& group) {
  // Without the right nothing is decided; what would be is still the best explanation.
  const Plan planned = plan(situation.state, situation.view, true);
  return *std::ranges::find(planned.decisions, group.name, &Decision::group);
}

}  // namespace

Explanation explain_group(const Situation& situation, const Group& group) {
  const State& state = situation.state;
  const GroupState& now = group_state(state, group.name);
  const Decision decision = decision_for(situation, group);
  const std::string word = group_state_word(state, situation.view, group.name);
  const bool may_decide = situation.obstacle.empty();
  Explanation told;
  told.verdict = fmt::format("group {} is {}{}: {}", group.name, word,
                             now.holder ? " on " + state.node_name(*now.holder) : "",
                             may_decide ? reason_of(situation, group) : situation.obstacle);
  told.facts = facts_of_group(situation, group);
  told.rule = may_decide ? rule_of(situation, decision, now) : obstacle_rule(situation);

  for (const NodeId node : group.policy) {
    if (now.holder == node) continue;
    const std::string name = state.node_name(node);
    std::string why = why_not_on(state, situation.view, group.name, node);
    if (why.empty() && now.stopped_by_conflict()) why = "waits until somebody says retry";
    told.refused.push_back(
        why.empty() ? fmt::format("{}: could run it, if there were a reason to move", name)
                    : fmt::format("{}: {}", name, why));
    if (state.durable.intent.standby.contains(node))
      told.remedies.push_back("tasuki node resume " + name);
  }
  if (!now.failures.empty())
    told.remedies.push_back(
        fmt::format("a failure is forgotten {} after it, or at once: tasuki group retry {}",
                    format_duration(group.failure_expiry), group.name));

  for (const NodeId node : now.may_be_on)
    if (now.holder && disks_refuse_others(group))
      told.proof.push_back(fmt::format("used: its disks refuse {} since {} took them",
                                       state.node_name(node), state.node_name(*now.holder)));
  if (now.previous && !situation.view.members.contains(*now.previous))
    if (const std::string used = proof_of(state, *now.previous); !used.empty())
      told.proof.push_back("used: " + used);
  if (const auto* wait = std::get_if<Wait>(&decision.verdict))
    for (const NodeId node : wait->letting_go)
      if (!situation.view.members.contains(node) && proof_of(state, node).empty())
        explain_absent_owner(situation, node, told);
  if (now.holder && situation.view.members.contains(*now.holder))
    if (const Node* holder = state.config().find_node(*now.holder))
      std::ranges::move(outlook(situation, group, *holder), std::back_inserter(told.proof));

  if (!may_decide) told.remedies.emplace_back(kBringBack);
  if (now.conflict || now.failed)
    told.remedies.push_back(fmt::format("tasuki group retry {}", group.name));
  if (state.durable.intent.locked) told.remedies.emplace_back("tasuki unlock");
  if (!state.intent_of(group.name).run)
    told.remedies.push_back(fmt::format("tasuki group start {}", group.name));
  if (const auto next = next_node(state, situation.view, group.name);
      next && std::holds_alternative<Keep>(decision.verdict))
    told.remedies.push_back(
        fmt::format("tasuki group move {} --to {}", group.name, state.node_name(*next)));
  return told;
}

Explanation explain_node(const Situation& situation, const Node& node) {
  const State& state = situation.state;
  const std::string word = node_state_word(state, situation.view, situation.self, node.id);
  const bool here = situation.view.members.contains(node.id);
  const auto known = state.nodes.find(node.id);
  const NodeState facts = known == state.nodes.end() ? NodeState{} : known->second;
  const std::string proof = proof_of(state, node.id);
  Explanation told;
  told.verdict = fmt::format("{} is {}", node.name, word);

  if (here)
    told.facts.emplace_back("it is in the cluster: its Corosync and its tasukid answer");
  else if (situation.view.alive.contains(node.id))
    told.facts.emplace_back("its Corosync answers, its tasukid does not");
  else
    told.facts.emplace_back("its Corosync does not answer");
  if (const auto slots = slot_place(state.config());
      slots && situation.seen_with_groups.contains(node.id))
    told.facts.push_back(fmt::format(
        "it writes to {} that it has groups: it lives{}", slots->name(),
        state.lease_counts(node.id) ? ", and while it does, the end of its lease is not believed"
                                    : ""));
  if (state.durable.intent.standby.contains(node.id))
    told.facts.emplace_back("an administrator set it aside");
  if (facts.leaving) told.facts.emplace_back("it stops its groups to leave the cluster");
  if (facts.just_back)
    told.facts.emplace_back("it is only just back; not every server has that on its disk yet");
  if (facts.may_hold_anything) told.facts.emplace_back("nobody here knows what it had");
  for (const auto& [name, group] : state.groups)
    if (group.holder == node.id)
      told.facts.push_back(fmt::format("it has group {}, which is {}", name,
                                       group_state_word(state, situation.view, name)));
  told.facts.push_back(votes(situation));

  if (here)
    told.rule = state.durable.intent.standby.contains(node.id)
                    ? "nothing starts on a server that is set aside, and its groups go elsewhere"
                    : "a server in the cluster runs what the plan gives it";
  else if (!proof.empty())
    told.rule = "what a server that surely let go had may start elsewhere";
  else
    told.rule =
        "what a lost server had starts elsewhere only when it is proved that it let go, as two "
        "servers must never own a group";
  if (!situation.obstacle.empty()) {
    told.facts.push_back(situation.obstacle);
    told.rule = obstacle_rule(situation);
  }

  for (const auto& [name, group] : state.groups) {
    const Group* configured = state.config().find_group(name);
    if (!here || configured == nullptr || group.holder == node.id) continue;
    if (std::ranges::find(configured->policy, node.id) == configured->policy.end()) continue;
    const std::string why = why_not_on(state, situation.view, name, node.id);
    told.refused.push_back(
        fmt::format("group {}: {}", name,
                    why.empty() ? "could run here, if there were a reason to move" : why));
  }

  if (here)
    for (const std::string& possible : possible_proofs(state, node))
      told.proof.push_back("if it were lost: " + possible);
  else if (!proof.empty())
    told.proof.push_back("used: " + proof);
  else
    explain_absent_owner(situation, node.id, told);
  if (here) told.proof.push_back(why_lease_is_none(state, node));

  if (!situation.obstacle.empty()) told.remedies.emplace_back(kBringBack);
  if (state.durable.intent.standby.contains(node.id))
    told.remedies.push_back("tasuki node resume " + node.name);
  if (!here && !proof.empty()) told.remedies.emplace_back("start it; it joins as a standby");
  return told;
}

bool Situation::lives(NodeId node) const {
  return view.alive.contains(node) || seen_with_groups.contains(node);
}

std::string advice_about(const Situation& situation, NodeId node) {
  const State& state = situation.state;
  const std::string name = state.node_name(node);
  if (situation.view.members.contains(node) || state.let_go(node) != LetGo::unproven) return "";
  if (situation.lives(node))
    return fmt::format("{} lives: mend what keeps it away, or switch its power off", name);
  return fmt::format("if {} is surely down, say: tasuki node confirm-down {}{}", name, name,
                     situation.obstacle.empty() ? "" : " --accept-loss");
}

std::string reason_of(const Situation& situation, const Group& group) {
  const Decision decision = decision_for(situation, group);
  const auto* wait = std::get_if<Wait>(&decision.verdict);
  if (wait == nullptr || decision.advice.empty()) return decision.reason;
  for (const NodeId node : wait->letting_go)
    if (situation.lives(node)) return decision.reason + "; " + advice_about(situation, node);
  return decision.text();
}

std::string why_only_a_word(const State& state, const Node& node) {
  if (!node.fence.empty()) return "";
  if (decided_by_fence(state.config()))
    return "it has no [[node.fence]], and of two servers without a witness only a switched-off one "
           "has surely lost";
  if (state.lease_counts(node.id)) return "";
  const auto facts = state.nodes.find(node.id);
  if (node.machine == Machine::virtual_machine)
    return "it has no [[node.fence]], and is a virtual machine, whose lease proves nothing";
  if (facts == state.nodes.end() || !facts->second.hardware) return "";
  return facts->second.hardware->watchdog
             ? "it has no [[node.fence]], and is a virtual machine, whose lease proves nothing"
             : "it has no [[node.fence]], and no watchdog, without which its lease proves nothing";
}

std::string node_state_word(const State& state, const View& view, NodeId self, NodeId node) {
  if (view.members.contains(node)) {
    if (state.durable.intent.standby.contains(node)) return "standby";
    const auto facts = state.nodes.find(node);
    return facts != state.nodes.end() && facts->second.just_back ? "returning" : "online";
  }
  switch (state.let_go(node)) {
    case LetGo::left:
      return "left";
    case LetGo::power_off:
    case LetGo::confirmed:
      return "off";
    case LetGo::lease:
    case LetGo::released:
    case LetGo::unproven:
      break;
  }
  const bool answers = view.alive.contains(node) || node == self;
  return answers ? "away" : "lost";
}

std::string group_state_word(const State& state, const View& view, const GroupName& name) {
  const GroupState& now = group_state(state, name);
  if (now.stopped_by_conflict()) return "conflict";
  if (!now.holder && !state.intent_of(name).run) return "stopped";
  if (now.holder && !view.members.contains(*now.holder)) return "waiting";
  if (now.holder && now.phase == Phase::stuck) return "failed";
  if (now.holder && now.phase != Phase::offline) return to_text(now.phase);
  if (now.failed) return "failed";
  return state.intent_of(name).run && !now.holder ? "waiting" : "stopped";
}

}  // namespace tasuki::core
