// How long plan() takes and how it grows: plan_bench prints one line for each size.
#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "cluster/core/plan.hpp"

namespace tasuki::core {
namespace {

constexpr int kRounds = 51;

// All groups run, each on the first node of its policy, which is a few of the nodes.
State make_state(uint32_t nodes, uint32_t groups) {
  State state;
  Config& config = state.durable.applied.config;
  for (uint32_t id = 1; id <= nodes; ++id) {
    Node node;
    node.id = NodeId{id};
    node.name = fmt::format("sv{}", id);
    config.nodes.push_back(node);
  }
  for (uint32_t number = 0; number < groups; ++number) {
    Group group;
    group.name = GroupName{fmt::format("group-{}", number)};
    for (uint32_t i = 0; i < std::min(nodes, 4U); ++i)
      group.policy.emplace_back((number + i) % nodes + 1);
    GroupState& now = state.groups[group.name];
    now.holder = group.policy.front();
    now.phase = Phase::online;
    now.wanted_up = true;
    now.ticket = state.next_ticket++;
    config.groups.push_back(std::move(group));
  }
  return state;
}

View everybody(const Config& config) {
  View view;
  for (const Node& node : config.nodes) view.members.insert(node.id);
  view.alive = view.members;
  view.quorate = true;
  return view;
}

double median_milliseconds(const State& state, const View& view) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    const Plan made = plan(state, view, true);
    const auto ended = std::chrono::steady_clock::now();
    if (made.decisions.size() != state.config().groups.size()) return -1;
    times.push_back(std::chrono::duration<double, std::milli>(ended - begun).count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void measure(uint32_t nodes, uint32_t groups) {
  const State state = make_state(nodes, groups);
  const View all = everybody(state.config());
  View one_lost = all;
  one_lost.members.erase(NodeId{1});
  one_lost.alive.erase(NodeId{1});
  fmt::print("{:>5} nodes {:>5} groups: {:8.3f} ms, with one node lost {:8.3f} ms\n", nodes, groups,
             median_milliseconds(state, all), median_milliseconds(state, one_lost));
}

}  // namespace
}  // namespace tasuki::core

int main() {
  for (const uint32_t groups : {10U, 100U, 1000U, 2000U, 4000U}) tasuki::core::measure(32, groups);
  for (const uint32_t nodes : {2U, 8U, 16U, 32U}) tasuki::core::measure(nodes, 1000);
}
