#include "tests/replica/cluster.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cluster/core/timers.hpp"
#include "kit/assert.hpp"
#include "kit/text.hpp"

namespace tasuki::test {
namespace {

constexpr int kStepsMax = 20'000;  // a cluster that does not come to rest within is broken
constexpr size_t kStoryLines = 4000;

}  // namespace

Nodes nodes(std::initializer_list<uint32_t> ids) {
  Nodes result;
  for (const uint32_t id : ids) result.insert(NodeId{id});
  return result;
}

Config make_config(uint32_t count, uint32_t groups) {
  Config config;
  config.cluster_name = "office";
  for (uint32_t id = 1; id <= count; ++id) {
    Node node;
    node.id = NodeId{id};
    node.name = fmt::format("sv{}", id);
    config.nodes.push_back(node);
  }
  for (uint32_t number = 0; number < groups; ++number) {
    Group group;
    group.name = GroupName{fmt::format("g{}", number + 1)};
    for (uint32_t place = 0; place < count; ++place)
      group.policy.emplace_back((number + place) % count + 1);
    group.registry = {group.name.value};
    config.groups.push_back(group);
  }
  return config;
}

Cluster::Cluster(Config config, Choose choose)
    : config_(std::move(config)), choose_(std::move(choose)) {
  configs_["initial"] = config_;
  if (!choose_) choose_ = [](size_t) { return size_t{0}; };
  for (const Node& node : config_.nodes) machines_[node.id];
}

// --- power and programs

void Cluster::boot(NodeId node) {
  Machine& m = machine(node);
  TASUKI_ASSERT(!m.on);
  story_.push_back(fmt::format("{} boots", node));
  m.on = true;
  m.ring = next_ring_++;
  rings_[m.ring] = {{node}, {}, false, 0};
  start_tasukid(node);
}

void Cluster::cut_power(NodeId node) {
  Machine& m = machine(node);
  TASUKI_ASSERT(m.on);
  story_.push_back(fmt::format("{} loses its power", node));
  if (m.replica) end_program(node);
  m.on = false;
  m.leased = false;
  m.keeper.clear();
  Nodes left = rings_[m.ring].alive;
  left.erase(node);
  rings_[m.ring].alive.clear();
  form_ring(left, witness_ring_ == m.ring);
}

void Cluster::kill_tasukid(NodeId node) {
  story_.push_back(fmt::format("tasukid of {} ends", node));
  end_program(node);
  install_members(machine(node).ring);
}

void Cluster::end_program(NodeId node) {
  Machine& m = machine(node);
  m.leased |= !m.keeper.empty();
  // Of the writes under way some reach the disk.
  for (size_t done = choose_(m.writing.size() + 1); done > 0; --done) {
    m.disk = encode_state_file(
        {m.writing.front().durable, m.writing.front().stale, m.writing.front().forgetful});
    m.writing.pop_front();
  }
  close_settings(node);
  m.replica.reset();
  m.said_goodbye = false;
  m.writing.clear();
  m.outbox.clear();
  m.inbox.clear();
  m.orders.clear();
  m.closed.clear();
  m.fenced.clear();
  m.installed = {};
  m.heard_ring = m.heard_index = m.heard_branch = 0;
  rings_[m.ring].members.erase(node);
}

void Cluster::start_tasukid(NodeId node) {
  Machine& m = machine(node);
  TASUKI_ASSERT(m.on && !m.replica);
  ++m.starts;
  story_.push_back(fmt::format("tasukid of {} starts", node));
  StateFile file;
  file.durable.applied = {1, "initial", "initial", "", "", config_};
  if (!m.disk.empty())
    file =
        decode_state_file(m.disk, [this](const auto& text) { return read_config(text); }).value();
  m.replica = std::make_unique<Replica>(node, file.durable, file.stale, [&m] {
    std::vector<GroupReport> holds;
    for (const auto& [name, held] : m.keeper)
      holds.push_back({name, held.ticket, held.phase, "", {}});
    return holds;
  });
  if (file.forgetful) m.replica->is_forgetful();
  m.replica->tell_hardware({.watchdog = m.lease_counts});
  if (!m.leased) m.replica->was_off();
  open_settings(node);
  for (const auto& [name, held] : m.keeper) m.orders[name] = {true, held.ticket};
  rings_[m.ring].members.insert(node);
  install_members(m.ring);
}

void Cluster::lease_runs_out(NodeId node) {
  Machine& m = machine(node);
  if (!m.on) return;
  const bool restart = m.replica && !m.keeper.empty();
  if (restart) kill_tasukid(node);
  story_.push_back(fmt::format("the keeper of {} lets go of everything", node));
  m.keeper.clear();
  if (restart) start_tasukid(node);
}

// --- the network

void Cluster::connect(const std::vector<Nodes>& sides, bool witness_reachable) {
  for (const Nodes& side : sides) form_ring(side, witness_reachable && &side == &sides.front());
  if (!witness_reachable) set_witness(false);
}

void Cluster::form_ring(const Nodes& side, bool with_witness) {
  Ring ring;
  std::map<uint64_t, Nodes> came_from;
  for (const NodeId node : side) {
    const Machine& m = machine(node);
    if (!m.on) continue;
    ring.alive.insert(node);
    if (!m.replica) continue;
    ring.members.insert(node);
    came_from[m.ring].insert(node);
  }
  const uint64_t id = next_ring_++;
  // Who comes from one ring together was told the same there: at least what one of them has heard
  // already, at most all that was said, and always what one of them said.
  for (const auto& [from, together] : came_from) {
    uint64_t heard = 0;
    for (const NodeId node : together)
      if (machine(node).heard_ring == from) heard = std::max(heard, machine(node).heard_index);
    const uint64_t end = rings_[from].length - choose_(rings_[from].length - heard + 1);
    for (const NodeId node : together)
      std::erase_if(machine(node).inbox, [&](Machine::Event& event) {
        if (event.ring != from || event.index <= end) return false;
        event.branch = id;
        return event.view.has_value() || !together.contains(event.from);
      });
  }
  for (const NodeId node : ring.alive) {
    rings_[machine(node).ring].alive.erase(node);
    rings_[machine(node).ring].members.erase(node);
    machine(node).ring = id;
  }
  story_.push_back(fmt::format("ring {}: {}{}", id, fmt::join(ring.alive, " "),
                               with_witness ? " with the witness" : ""));
  rings_[id] = ring;
  if (with_witness) witness_ring_ = id;
  judge_quorum();
  install_members(id);
}

void Cluster::set_witness(bool reachable) {
  if (!reachable) witness_ring_ = 0;
  judge_quorum();
}

void Cluster::judge_quorum() {
  for (auto& [id, ring] : rings_)
    ring.quorate =
        ring.alive.size() + (witness_ring_ == id ? witness_votes(config_) : 0) >= majority(config_);
}

EngineView Cluster::engine_view(uint64_t id, const Ring& ring) const {
  return {fmt::format("ring {}", id), {ring.members, ring.alive, ring.quorate}};
}

void Cluster::install_members(uint64_t id) {
  Ring& ring = rings_[id];
  ++ring.length;
  for (const NodeId node : ring.members)
    machine(node).inbox.push_back({id, ring.length, 0, {}, "", engine_view(id, ring)});
}

void Cluster::all_up() {
  Nodes all;
  for (auto& [node, m] : machines_) {
    if (!m.on) boot(node);
    all.insert(node);
  }
  connect({all});
  run();
}

// --- what happens by itself

void Cluster::run() {
  for (int steps = 0; steps < kStepsMax; ++steps) {
    bool quiet = true;
    for (const auto& [node, m] : machines_) {
      const auto possible = actions(node, false);
      if (possible.empty()) continue;
      quiet = false;
      story_.push_back(possible.front().what);
      possible.front().act();
    }
    if (quiet) return;
  }
  restless_ = true;
}

bool Cluster::step() {
  std::vector<Action> possible;
  for (const auto& [node, m] : machines_)
    if (!m.asleep) std::ranges::move(actions(node, true), std::back_inserter(possible));
  if (possible.empty()) return false;
  const Action& chosen = possible[choose_(possible.size())];
  story_.push_back(chosen.what);
  chosen.act();
  return true;
}

std::vector<Cluster::Action> Cluster::actions(NodeId node, bool also_slow_disks) {
  Machine& m = machine(node);
  std::vector<Action> possible;
  if (!m.on || !m.replica) return possible;
  if (!m.writing.empty() && (also_slow_disks || !m.slow_disk))
    possible.push_back({fmt::format("{} has written", node), [=, this] { finish_write(node); }});
  if (!m.keeping.empty() && (also_slow_disks || !(m.slow_disk || m.slow_settings)))
    possible.push_back(
        {fmt::format("{} has kept settings", node), [=, this] { finish_keep(node); }});
  if (!m.outbox.empty())
    possible.push_back({fmt::format("{} says {:.70}", node, printable(m.outbox.front())),
                        [=, this] { order_one(node); }});
  if (!m.inbox.empty())
    possible.push_back(
        {fmt::format("{} hears {}/{}", node, m.inbox.front().ring, m.inbox.front().index),
         [=, this] { deliver_one(node); }});
  if (quorum_is_news(m))
    possible.push_back({fmt::format("{} hears of quorum", node), [=, this] { tell_quorum(node); }});
  std::ranges::move(work(node), std::back_inserter(possible));
  std::ranges::move(fences(node), std::back_inserter(possible));
  return possible;
}

void Cluster::carry_out(NodeId node, Ready ready) {
  Machine& m = machine(node);
  for (const Message& message : ready.send) m.outbox.push_back(encode(message));
  if (ready.write) m.writing.push_back(*ready.write);
  for (Outcome& outcome : ready.outcomes) outcomes_.emplace(outcome.id, outcome.version);
  for (const Note& note : ready.notes)
    notes_.push_back(fmt::format("{}: {}: {}", node, note.subject, note.text));
  if (m.settings) carry_out(node, m.settings->replica_changed(*m.replica));
}

void Cluster::finish_write(NodeId node) {
  Machine& m = machine(node);
  m.disk = encode_state_file(
      {m.writing.front().durable, m.writing.front().stale, m.writing.front().forgetful});
  const uint64_t number = m.writing.front().number;
  m.writing.pop_front();
  carry_out(node, m.replica->written(number));
}

void Cluster::order_one(NodeId node) {
  Machine& m = machine(node);
  Ring& ring = rings_[m.ring];
  ++ring.length;
  for (const NodeId member : ring.members)
    machine(member).inbox.push_back({m.ring, ring.length, 0, node, m.outbox.front(), {}});
  m.outbox.pop_front();
}

void Cluster::deliver_one(NodeId node) {
  Machine& m = machine(node);
  const Machine::Event event = m.inbox.front();
  m.inbox.pop_front();
  m.heard_ring = event.ring;
  m.heard_index = event.index;
  m.heard_branch = event.branch;
  if (event.view) {
    m.installed = *event.view;
    m.installed.view.quorate = m.ring == event.ring && rings_[event.ring].quorate;
    carry_out(node, m.replica->membership_changed(m.installed));
    return;
  }
  if (event.text.front() == settings::kFirstByte)
    return carry_out(node, m.settings->delivered(event.from, settings::decode(event.text).value()));
  const auto message = decode(event.text, [this](const auto& text) { return read_config(text); });
  carry_out(node, m.replica->delivered(event.from, message.value()));
}

// The engine tells of the quorum at its own time, but never of a ring that was not told yet.
bool Cluster::quorum_is_news(const Machine& m) const {
  return m.heard_ring == m.ring && m.installed.view.quorate != rings_.at(m.ring).quorate;
}

void Cluster::tell_quorum(NodeId node) {
  Machine& m = machine(node);
  m.installed.view.quorate = rings_[m.ring].quorate;
  carry_out(node, m.replica->membership_changed(m.installed));
}

// --- the executor, honest and simple: a group is up or down

std::vector<Cluster::Action> Cluster::work(NodeId node) {
  Machine& m = machine(node);
  if (m.said_goodbye) return {};
  std::set<GroupName> names;
  for (const Group& group : m.replica->state().config().groups) names.insert(group.name);
  for (const auto& [name, held] : m.keeper) names.insert(name);
  std::vector<Action> possible;
  for (const GroupName& name : names) {
    const auto state = m.replica->state().groups.find(name);
    const bool known = state != m.replica->state().groups.end();
    const bool mine = known && state->second.holder == node;
    Machine::Order& order = m.orders[name];
    if (m.replica->may_decide()) {
      order.up = mine && state->second.wanted_up;
      if (mine) order.ticket = state->second.ticket;
    }
    const bool up = order.up && m.replica->may_keep();
    const auto held = m.keeper.find(name);
    const auto act = [&](const std::string& what, std::function<void()> how) {
      possible.push_back({fmt::format("{} {} {}", node, what, name), std::move(how)});
    };
    if (held == m.keeper.end()) {
      if (!m.replica->may_decide() || !mine) continue;
      if (m.closed[name] == order.ticket) continue;
      if (up)
        act("opens", [=, this, &m, ticket = order.ticket] {
          m.keeper[name] = {ticket, Phase::starting};
          report(node, name, ticket, Phase::starting);
        });
      else
        act("never opened", [=, this, &m, ticket = order.ticket] {
          m.closed[name] = ticket;
          report(node, name, ticket, Phase::offline);
        });
      continue;
    }
    const Phase phase = held->second.phase;
    const bool renamed = up && held->second.ticket != order.ticket;
    const auto become = [=, this, &m,
                         ticket = up ? order.ticket : held->second.ticket](Phase next) {
      return [=, this, &m] {
        m.keeper[name] = {ticket, next};
        report(node, name, ticket, next);
      };
    };
    if (renamed) {
      act("renames", become(phase));
    } else if (up && phase != Phase::online && !m.fails_starts) {
      act("brings up", become(Phase::online));
    } else if (!up && phase != Phase::stopping && !m.hung) {
      act("stops", become(Phase::stopping));
    } else if ((!up && !m.hung) || (up && phase == Phase::starting && m.fails_starts)) {
      act("closes", [=, this, &m, ticket = held->second.ticket] {
        m.closed[name] = ticket;
        m.keeper.erase(name);
        report(node, name, ticket, Phase::offline, up ? "it did not start" : "");
      });
    }
  }
  return possible;
}

void Cluster::report(NodeId node, const GroupName& group, uint64_t ticket, Phase phase,
                     const std::string& failure) {
  say(node, Report{{group, ticket, phase, failure, {}}});
}

void Cluster::report_failure(NodeId node, const std::string& group, const std::string& why) {
  const GroupName name{group};
  Machine& m = machine(node);
  const uint64_t ticket = m.keeper.at(name).ticket;
  m.closed[name] = ticket;
  m.keeper.erase(name);
  report(node, name, ticket, Phase::offline, why);
}

std::vector<Cluster::Action> Cluster::fences(NodeId node) {
  Machine& m = machine(node);
  std::vector<Action> possible;
  for (const FenceOrder& order : m.replica->fences()) {
    if (order.by != node || m.fenced[order.target] > order.attempt) continue;
    if (!fencing_works_) {
      possible.push_back({fmt::format("{} cannot fence {}", node, order.target), [=, this, &m] {
                            m.fenced[order.target] = order.attempt + 1;
                            say(node, FenceResult{order.target, order.attempt, false, "no answer"});
                          }});
      continue;
    }
    possible.push_back({fmt::format("{} fences {}", node, order.target), [=, this] {
                          if (machine(order.target).on) cut_power(order.target);
                          say(node, FenceResult{order.target, order.attempt, true, "", 12});
                        }});
  }
  return possible;
}

// --- what people and timers do

std::string Cluster::request(NodeId node, const Change& change) {
  const std::string id = fmt::format("{}-{}", node, next_request_++);
  ask_again(node, id, change);
  return id;
}

void Cluster::ask_again(NodeId node, const std::string& id, const Change& change) {
  story_.push_back(fmt::format("request {}", id));
  outcomes_.erase(id);
  carry_out(node, replica(node).request(id, change));
}

void Cluster::say(NodeId node, const Message& message) {
  machine(node).outbox.push_back(encode(message));
}

void Cluster::adopt_config(NodeId node, const Config& config, const std::string& text) {
  configs_[text] = config;
  carry_out(node, replica(node).adopt_config({0, text, text, "", "", config}));
}

std::string Cluster::apply_config(NodeId node, const Config& config, const std::string& text) {
  configs_[text] = config;
  return request(node, ApplyConfig{{0, text, text, "", "", config}});
}

void Cluster::confirm_down_alone(NodeId node, NodeId down) {
  carry_out(node, replica(node).confirm_down_alone(down));
}

void Cluster::expire(NodeId owner, const std::string& timer_prefix) {
  const Replica& at = replica(owner);
  const Timing timing = derive_timing(at.state().config()).value();
  for (const Timer& timer : timers_of(at.state(), at.view(), timing))
    if (timer.owner == owner && timer.name.starts_with(timer_prefix))
      say(owner, TimerExpired{timer.name});
}

// --- what can be seen

const GroupState& Cluster::group(NodeId seen_by, const std::string& name) {
  return replica(seen_by).state().groups.at(GroupName{name});
}

Nodes Cluster::owners(const std::string& group) const {
  Nodes owning;
  for (const auto& [node, m] : machines_)
    if (m.keeper.contains(GroupName{group})) owning.insert(node);
  return owning;
}

bool Cluster::told(const std::string& part_of_a_note) const {
  return std::ranges::any_of(notes_, [&](const std::string& note) {
    return note.find(part_of_a_note) != std::string::npos;
  });
}

namespace {

// Two that have every setting of a group have the same.
bool differ_in_settings(const Cluster::Machine& a, const Cluster::Machine& b) {
  for (const auto& [group, stand] : a.settings->stands()) {
    const settings::Follower* one = a.settings->find(group);
    const settings::Follower* other = b.settings->find(group);
    if (one != nullptr && other != nullptr && one->has_all() && other->has_all() &&
        one->stand() != other->stand())
      return true;
  }
  return false;
}

}  // namespace

std::string Cluster::violation() const {
  if (restless_) return "the cluster never comes to rest";
  for (const Group& group : config_.groups)
    if (const Nodes owning = owners(group.name.value); owning.size() > 1)
      return fmt::format("group {} is owned by {}", group.name, fmt::join(owning, " and "));
  for (auto one = machines_.begin(); one != machines_.end(); ++one)
    for (auto other = std::next(one); other != machines_.end(); ++other) {
      const Machine& a = one->second;
      const Machine& b = other->second;
      if (!a.replica || !b.replica || !a.replica->agreed() || !b.replica->agreed()) continue;
      // Of a ring that broke up at once they may have heard a message and not who was in it.
      if (a.installed.ring != b.installed.ring || a.heard_ring != b.heard_ring ||
          a.heard_branch != b.heard_branch || a.heard_index != b.heard_index)
        continue;
      if (a.replica->state() != b.replica->state() ||
          a.replica->may_decide() != b.replica->may_decide() ||
          a.replica->fences() != b.replica->fences() || differ_in_settings(a, b))
        return fmt::format("{} and {} were told the same and differ:\n{}\n{}", one->first,
                           other->first, encode(Snapshot{"", a.replica->state()}),
                           encode(Snapshot{"", b.replica->state()}));
    }
  return "";
}

std::string Cluster::story() const {
  std::string text;
  const size_t from = story_.size() > kStoryLines ? story_.size() - kStoryLines : 0;
  for (size_t line = from; line < story_.size(); ++line) text += story_[line] + "\n";
  return text;
}

std::optional<Config> Cluster::read_config(const std::string& text) const {
  const auto known = configs_.find(text);
  if (known == configs_.end()) return std::nullopt;
  return known->second;
}

}  // namespace tasuki::test
