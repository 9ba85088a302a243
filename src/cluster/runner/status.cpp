#include "cluster/runner/status.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/core/explain.hpp"
#include "cluster/proto/codec.hpp"
#include "kit/text.hpp"

namespace tasuki::runner {
namespace {

using namespace core;

Json since_of(const StatusContext& context, const std::string& subject) {
  const auto found = context.since.find(subject);
  return found == context.since.end() ? Json(nullptr) : Json(found->second);
}

const GroupState& group_state(const Replica& replica, const GroupName& name) {
  static const GroupState kUnknown;
  const auto found = replica.state().groups.find(name);
  return found == replica.state().groups.end() ? kUnknown : found->second;
}

Situation situation_of(const Replica& replica, const std::set<NodeId>& seen_with_groups) {
  return {replica.state(), replica.view(), replica.self(), replica.obstacle(), seen_with_groups};
}

// Why a group is as it is. While nobody here may decide, that is why it waits, and is told once.
std::string reason_of(const Replica& replica, const StatusContext& context, const Group& group) {
  if (group_state_word(replica, group.name) != "waiting")
    return group_state(replica, group.name).reason;
  if (!replica.may_decide()) return replica.obstacle();
  return core::reason_of(situation_of(replica, context.seen_with_groups), group);
}

const char* kind_of(const Resource& resource) {
  struct {
    const char* operator()(const Partition&) { return "partition"; }
    const char* operator()(const FloatingIp&) { return "floating-ip"; }
    const char* operator()(const ServiceUse&) { return "service"; }
    const char* operator()(const Scripts&) { return "scripts"; }
  } name;
  return std::visit(name, resource.what);
}

std::string detail_of(const Resource& resource) {
  struct {
    std::string operator()(const Partition& p) { return p.device + " on " + p.mount_point; }
    std::string operator()(const FloatingIp& ip) { return ip.address; }
    std::string operator()(const ServiceUse& use) { return use.service.value; }
    std::string operator()(const Scripts& scripts) { return scripts.start; }
  } detail;
  return std::visit(detail, resource.what);
}

Json resources_json(const Group& group, const GroupState& now) {
  Json list = Json::array();
  for (const Resource& resource : group.resources) {
    const auto reported = std::ranges::find(now.resources, resource.name, &ResourceReport::name);
    const bool known = now.holder && reported != now.resources.end();
    list.push_back({{"name", resource.name.value},
                    {"kind", kind_of(resource)},
                    {"state", known ? reported->state : "down"},
                    {"detail", detail_of(resource)}});
  }
  return list;
}

Json group_json(const Replica& replica, const StatusContext& context, const Group& group) {
  const State& state = replica.state();
  const GroupState& now = group_state(replica, group.name);
  Json policy = Json::array();
  for (const NodeId node : group.policy) policy.push_back(state.config().node_name(node));
  Json failures = Json::array();
  for (const auto& [node, failure] : now.failures)
    failures.push_back({{"node", state.config().node_name(node)}, {"reason", failure.reason}});
  const bool moves = replica.may_decide() && !state.durable.intent.locked;
  const auto next = moves ? next_node(state, replica.view(), group.name) : std::nullopt;
  return {{"name", group.name.value},
          {"state", group_state_word(replica, group.name)},
          {"node", now.holder ? Json(state.config().node_name(*now.holder)) : Json(nullptr)},
          {"since", since_of(context, "group/" + group.name.value)},
          {"home", state.config().node_name(group.policy.front())},
          {"policy", policy},
          {"next", next ? Json(state.config().node_name(*next)) : Json(nullptr)},
          {"reason", reason_of(replica, context, group)},
          {"resources", resources_json(group, now)},
          {"watches", proto::to_json(now.watches)},
          {"suspended", now.suspended},
          {"failures", failures}};
}

Json node_json(const Replica& replica, const StatusContext& context, const Node& node) {
  const State& state = replica.state();
  const auto facts = state.nodes.find(node.id);
  const LetGo proof = state.let_go(node.id);
  return {{"name", node.name},
          {"id", node.id.value},
          {"state", node_state_word(replica, node.id)},
          {"since", since_of(context, "node/" + node.name)},
          {"addresses", node.addresses},
          {"self", node.id == context.self},
          {"proof", proof == LetGo::unproven ? Json(nullptr) : Json(to_text(proof))},
          {"note", facts == state.nodes.end() ? "" : facts->second.fence_problem}};
}

// Of whom nothing could prove that it is dead, while it may have a disk that others are to have; and
// whose disks need no proof because somebody said so, whatever could prove it now.
std::vector<std::string> missing_proofs(const State& state) {
  std::vector<std::string> problems;
  std::set<GroupName> told;
  for (const Node& node : state.config().nodes) {
    const std::string why = why_only_a_word(state, node);
    std::vector<std::string> groups;
    bool oversight = false;
    for (const Group& group : state.config().groups) {
      const bool may_run = std::ranges::find(group.policy, node.id) != group.policy.end();
      const bool wants_proof = shares_partition_with(group, Guard::proof);
      if (why.empty() || !may_run ||
          !(wants_proof || shares_partition_with(group, Guard::none)))
        continue;
      groups.push_back(group.name.value);
      told.insert(group.name);
      oversight |= wants_proof;
    }
    if (groups.empty()) continue;
    problems.push_back(
        fmt::format("if {} dies, only your word lets another server take over {}: {}{}", node.name,
                    join(groups, ", "), why,
                    oversight ? "; give it a [[node.fence]], or its partitions guard = "
                                "\"scsi-reservation\" where their disks can"
                              : ", as guard = \"none\" allows"));
  }
  for (const Group& group : state.config().groups)
    if (shares_partition_with(group, Guard::none) && !told.contains(group.name))
      problems.push_back(fmt::format(
          "group {} has a partition with guard = \"none\", though every server that may have it "
          "can be proved dead; take that line out, so that the configuration is refused should one "
          "ever lose its proof",
          group.name));
  return problems;
}

// What is not as it should be, worst first, each with what to do.
std::vector<std::string> problems_of(const Replica& replica, const StatusContext& context) {
  const State& state = replica.state();
  std::vector<std::string> problems;
  if (const std::string obstacle = replica.obstacle(); !obstacle.empty())
    problems.push_back(obstacle);
  if (state.config().find_node(context.self) == nullptr) return problems;
  const Situation situation = situation_of(replica, context.seen_with_groups);
  for (const Group& group : state.config().groups) {
    const std::string word = group_state_word(replica, group.name);
    if (word == "failed" || word == "waiting" || word == "conflict")
      problems.push_back(
          fmt::format("group {} is {}{}", group.name, word,
                      replica.may_decide() ? ": " + core::reason_of(situation, group) : ""));
    const auto& conflict = group_state(replica, group.name).conflict;
    if (conflict && !conflict->both_up)
      problems.push_back(
          fmt::format("group {}: {}; look at its data, then say: tasuki group retry {}", group.name,
                      describe(state, *conflict), group.name));
  }
  for (const Node& node : state.config().nodes) {
    const std::string word = node_state_word(replica, node.id);
    const bool here = node.id == context.self;
    if (word == "standby")
      problems.push_back(
          fmt::format("{} is set aside; say: tasuki node resume {}, when it may run "
                      "groups again",
                      node.name, node.name));
    const auto facts = state.nodes.find(node.id);
    const bool no_switch = node.fence.empty() ||
                           (facts != state.nodes.end() && (!facts->second.fence_problem.empty() ||
                                                           facts->second.may_hold_anything));
    const std::string advice = no_switch ? advice_about(situation, node.id) : "";
    if (!here && (word == "lost" || word == "off" || word == "away"))
      problems.push_back(
          fmt::format("{} is {}; nothing can move to it until it is back", node.name, word) +
          (word == "lost" && !advice.empty() ? "; " + advice : ""));
    if (context.seen_with_groups.contains(node.id))
      problems.push_back(fmt::format("{} writes to {} that it has groups: it lives{}", node.name,
                                     core::slot_place(state.config())->name(),
                                     state.lease_counts(node.id)
                                         ? ", and its lease is not taken for over while it does"
                                         : ""));
    if (facts != state.nodes.end() && !facts->second.fence_problem.empty())
      problems.push_back(fmt::format("the power of {} cannot be switched: {}", node.name,
                                     facts->second.fence_problem));
  }
  std::ranges::copy(missing_proofs(state), std::back_inserter(problems));
  for (const Group& group : state.config().groups) {
    const GroupState& now = group_state(replica, group.name);
    if (!now.suspended.empty())
      problems.push_back(
          fmt::format("the services of group {} are stopped: {}", group.name, now.suspended));
    for (const WatchReport& watch : now.watches)
      if (watch.paused)
        problems.push_back(
            fmt::format("nobody watches {} ({}) of group {}; say: ARMLOADC {} /W "
                        "CONTINUE",
                        watch.id, watch.what, group.name, watch.id));
  }
  for (const Group& group : state.config().groups)
    if (group_state(replica, group.name).holder && group.policy.size() > 1 &&
        !next_node(state, replica.view(), group.name) && replica.may_decide())
      problems.push_back(fmt::format("group {} has no server left to move to", group.name));
  if (core::witness_votes(state.config()) > 0 && !context.witness_votes)
    problems.push_back(fmt::format(
        "the witness {} gives no vote{}; when another server is lost, nobody may decide "
        "until it does",
        state.config().witness->name(),
        context.witness_problem.empty() ? "" : ": " + context.witness_problem));
  if (!context.lease_problem.empty())
    problems.push_back(
        fmt::format("the slots on {} do not work here: {}; until they do, a server that is cut off "
                    "cannot prove that it let go",
                    core::slot_place(state.config())->name(), context.lease_problem));
  const bool race =
      core::decided_by_fence(state.config()) || core::nodes_judge_witness(state.config());
  if (race && !context.ping_problem.empty())
    problems.push_back(
        fmt::format("this server reaches nobody outside the cluster: {}; if the servers lose each "
                    "other, it leaves the other one the time to win",
                    context.ping_problem));
  for (const auto& [group, having] : state.durable.has_settings)
    if (const core::Group* configured = state.config().find_group(group))
      for (const core::NodeId node : configured->policy)
        if (replica.view().members.contains(node) && !state.has_settings(group, node))
          problems.push_back(fmt::format("{} {}", state.config().node_name(node),
                                         core::why_not_on(state, replica.view(), group, node)) +
                             fmt::format(" (group {})", group));
  std::ranges::copy(context.power_problems, std::back_inserter(problems));
  std::ranges::copy(context.account_problems, std::back_inserter(problems));
  std::ranges::copy(context.file_problems, std::back_inserter(problems));
  for (const auto& [service, service_state] : context.node_services)
    if (service_state == "failed" || service_state == "down")
      problems.push_back(fmt::format("service {} is {} on this server", service, service_state));
  if (state.durable.intent.locked)
    problems.emplace_back("the cluster is locked, so nothing fails over; say: tasuki unlock");
  return problems;
}

}  // namespace

std::string node_state_word(const Replica& replica, NodeId node) {
  return core::node_state_word(replica.state(), replica.view(), replica.self(), node);
}

std::string group_state_word(const Replica& replica, const GroupName& name) {
  return core::group_state_word(replica.state(), replica.view(), name);
}

Json explanations_json(const Replica& replica, const std::set<NodeId>& seen_with_groups,
                       const std::string& name, const Json& failovers) {
  const Situation situation = situation_of(replica, seen_with_groups);
  Json list = Json::array();
  const auto add = [&](const char* kind, const Explanation& told, const Json& last) {
    list.push_back({{"kind", kind},
                    {"name", name},
                    {"verdict", told.verdict},
                    {"facts", told.facts},
                    {"rule", told.rule},
                    {"refused", told.refused},
                    {"proof", told.proof},
                    {"remedies", told.remedies},
                    {"last_failover", last}});
  };
  if (const Group* group = replica.state().config().find_group(GroupName{name}))
    add("group", explain_group(situation, *group),
        failovers.empty() ? Json(nullptr) : failovers.back());
  if (const Node* node = replica.state().config().find_node(name))
    add("node", explain_node(situation, *node), nullptr);
  return list;
}

Json status_json(const Replica& replica, const StatusContext& context) {
  const State& state = replica.state();
  const Config& config = state.config();
  Json groups = Json::array();
  bool any_down = false;
  for (const Group& group : config.groups) {
    groups.push_back(group_json(replica, context, group));
    const std::string word = groups.back()["state"];
    any_down = any_down || word == "failed" || word == "waiting" || word == "conflict";
  }
  Json nodes = Json::array();
  for (const Node& node : config.nodes) nodes.push_back(node_json(replica, context, node));
  Json services = Json::array();
  for (const auto& [name, service_state] : context.node_services)
    services.push_back(
        {{"name", name}, {"node", config.node_name(context.self)}, {"state", service_state}});
  const auto problems = problems_of(replica, context);
  return {
      {"cluster", config.cluster_name},
      {"node", state.node_name(context.self)},
      {"time", context.time},
      {"health", any_down           ? "down"
                 : problems.empty() ? "ok"
                                    : "degraded"},
      {"problems", problems},
      {"quorate", replica.view().quorate},
      {"right_to_decide", replica.right_here()},
      {"informed", replica.informed()},
      {"locked", state.durable.intent.locked},
      {"stale", replica.stale()},
      {"config",
       {{"counter", state.durable.applied.counter}, {"hash", state.durable.applied.hash}}},
      {"feature_level", state.feature_level},
      {"nodes", nodes},
      {"groups", groups},
      {"services", services},
      {"witness", config.witness
                      ? Json{{"address", config.witness->name()}, {"votes", context.witness_votes}}
                      : Json(nullptr)},
      {"lease_disk", config.lease_device.empty() ? Json(nullptr)
                                                 : Json{{"device", config.lease_device},
                                                        {"works", context.lease_problem.empty()}}},
      {"ping", config.ping_hosts.empty()
                   ? Json(nullptr)
                   : Json{{"hosts", config.ping_hosts}, {"answer", context.ping_problem.empty()}}}};
}

}  // namespace tasuki::runner
