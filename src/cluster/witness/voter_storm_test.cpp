// What the voter promises, whatever happens when: storms from seeds.
#include <deque>
#include <functional>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/witness/voter.hpp"

namespace tasuki::witness {
namespace {

using namespace std::chrono_literals;
using core::NodeId;

constexpr Times kTimes{.look = 300ms, .vote = 2000ms, .silence = 2320ms, .grace = 900ms};

// Two or four nodes on a witness of any slowness, cut and together again, hanging and starting anew
// at any moment, with clocks that run unequally.
class Storm {
 public:
  explicit Storm(uint64_t seed) : random_(seed), count_(chance(2) == 0 ? 2 : 4) {
    for (uint32_t node = 1; node <= count_; ++node) {
      nodes_[node].speed = 1 + (static_cast<double>(chance(100)) - 50) / 10'000;
      begin_life(node);
      soon(node, chance(300));
    }
    split();
  }

  // What went wrong, or nothing.
  std::string run(int steps) {
    for (int step = 0; step < steps; ++step) {
      const auto next = events_.begin();
      now_ = next->first;
      const auto act = std::move(next->second);
      events_.erase(next);
      act();
      if (chance(200) == 0) split();
      if (copied_) {
        if (auto wrong = voted_knowing(); !wrong.empty()) return wrong;
        continue;
      }
      if (auto wrong = two_sides(); !wrong.empty()) return wrong;
      if (auto wrong = ignorant(); !wrong.empty()) return wrong;
      if (auto wrong = suspects(); !wrong.empty()) return wrong;
    }
    return "";
  }
  // From now on the nodes with even ids have a copy of the witness.
  void copy_witness() {
    copied_ = true;
    copy_ = slots_;
  }
  [[nodiscard]] bool all_know() const { return known_since_.has_value(); }
  [[nodiscard]] size_t votes_given() const { return votes_given_; }

 private:
  struct Node {
    std::optional<Voter> voter;
    double speed = 1;
    int life = 0;
    Look look;
    std::string ring;  // the last that it heard of
    std::set<NodeId> members;
    uint64_t voted_in = 0;  // the last split in which it had the vote
  };

  uint64_t chance(uint64_t below) {
    return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
  }
  [[nodiscard]] Moment clock(uint32_t node) const {
    return Moment{1h} + std::chrono::microseconds(static_cast<int64_t>(
                            static_cast<double>(now_) * 1000 * nodes_.at(node).speed));
  }
  void at(uint64_t time, std::function<void()> act) { events_.emplace(time, std::move(act)); }
  // Mostly a few milliseconds, sometimes longer than every limit.
  uint64_t slow() {
    switch (chance(40)) {
      case 0:
        return 1000 + chance(5000);
      case 1:
        return 300 + chance(700);
      default:
        return 1 + chance(30);
    }
  }

  void begin_life(uint32_t node) {
    Node& here = nodes_[node];
    ++here.life;
    here.voter.emplace(NodeId{node}, kTimes);
    if (place_of(node)[node]) here.voter->continue_from(*place_of(node)[node]);
    if (!sides_.empty()) stand(node);
  }

  void soon(uint32_t node, uint64_t after) {
    at(now_ + after, [this, node, life = nodes_[node].life] {
      if (life == nodes_[node].life) write(node);
    });
  }

  void write(uint32_t node) {
    if (chance(400) == 0) {
      begin_life(node);
      return soon(node, slow());
    }
    Node& here = nodes_[node];
    if (pings_ && chance(4) == 0)
      here.voter->say({.groups = chance(3), .pings = true, .reached = heard(node)}, clock(node));
    here.look = {clock(node), false, {}, {}, {}, {{}}};
    const Slot slot = here.voter->begin(clock(node));
    const uint64_t lands = now_ + slow();
    // A witness refuses what is older than what it has.
    at(lands, [this, node, slot] {
      auto& kept = place_of(node)[node];
      if (!kept || kept->sequence < slot.sequence) kept = slot;
    });
    const bool heard = chance(20) != 0;
    at(lands + slow(), [this, node, heard, life = here.life] {
      if (life != nodes_[node].life) return;
      nodes_[node].look.written = heard;
      nodes_[node].look.read_begun = clock(node);
      std::deque<uint32_t> order;
      for (uint32_t other = 1; other <= count_; ++other)
        if (NodeId{other} == nodes_[node].voter->leader())
          order.push_front(other);
        else
          order.push_back(other);
      std::erase(order, node);
      nodes_[node].look.read_first = nodes_[node].voter->leader();
      read(node, order);
    });
  }

  // One slot after the other, each at its own time.
  void read(uint32_t node, std::deque<uint32_t> order) {
    Node& here = nodes_[node];
    if (order.empty()) {
      here.look.ended = clock(node);
      here.voter->end(here.look);
      tell(node);
      votes_given_ += here.voter->votes(clock(node)) ? 1 : 0;
      return soon(node, 1 + chance(static_cast<uint64_t>(here.voter->pause(clock(node)).count())));
    }
    const auto& slot = place_of(node)[order.front()];
    (*here.look.others)[NodeId{order.front()}] =
        slot ? Look::Found{fmt::format("{}", slot->sequence), slot} : Look::Found{};
    order.pop_front();
    at(now_ + slow(), [this, node, order, life = here.life] {
      if (life == nodes_[node].life) read(node, order);
    });
  }

  std::map<uint32_t, std::optional<Slot>>& place_of(uint32_t node) {
    return copied_ && node % 2 == 0 ? copy_ : slots_;
  }

  // What it wrote, to those that are still in the ring when they hear it.
  void tell(uint32_t node) {
    const auto sequence = nodes_[node].voter->take_written();
    if (!sequence) return;
    for (const NodeId member : nodes_[node].members)
      if (member != NodeId{node})
        at(now_ + chance(200),
           [this, node, member, sequence = *sequence, ring = nodes_[node].ring] {
             Node& there = nodes_[member.value];
             if (there.ring == ring && lives(there)) there.voter->heard(NodeId{node}, sequence);
           });
  }

  // Of a host outside: nothing, or an answer of some age.
  std::optional<Moment> heard(uint32_t node) {
    if (!pings_ || chance(2) == 0) return std::nullopt;
    return clock(node) - milliseconds(chance(2000));
  }

  void stand(uint32_t node) {
    for (const auto& side : sides_)
      if (side.contains(NodeId{node})) {
        Node& here = nodes_[node];
        here.members = side;
        here.ring = fmt::format("{}.{}", *side.begin(), ring_);
        here.voter->say({.groups = chance(3), .pings = pings_, .reached = heard(node)},
                        clock(node));
        here.voter->stand({here.ring, side, 2 * side.size() > count_, 2 * side.size() == count_},
                          clock(node));
      }
  }

  // Each node hears of it in its own time.
  void split() {
    std::vector<std::set<NodeId>> sides(1 + chance(2));
    for (uint32_t node = 1; node <= count_; ++node)
      sides[chance(sides.size())].insert(NodeId{node});
    std::erase_if(sides, [](const auto& side) { return side.empty(); });
    ++ring_;
    sides_ = sides;
    for (uint32_t node = 1; node <= count_; ++node)
      at(now_ + chance(400), [this, node] { stand(node); });
  }

  // In a ring that another member has left nothing can be said any more.
  bool lives(const Node& node) {
    return std::ranges::all_of(
        node.members, [&](NodeId member) { return nodes_[member.value].ring == node.ring; });
  }
  std::string two_sides() {
    for (const auto& [one, first] : nodes_)
      for (const auto& [other, second] : nodes_)
        if (one < other && first.voter->votes(clock(one)) && second.voter->votes(clock(other)) &&
            first.ring != second.ring && lives(first) && lives(second))
          return fmt::format("at {} ms nodes {} and {} both count the vote", now_, one, other);
    return "";
  }

  // Whoever takes itself for one that knows all was in every side that had the vote. A node that
  // has not heard of its newest ring can decide nothing.
  std::string ignorant() {
    const auto knows_ring = [&](const Node& node) {
      return lives(node) && node.ring.ends_with(fmt::format(".{}", ring_));
    };
    for (auto& [node, here] : nodes_)
      if (here.voter->votes(clock(node)) && knows_ring(here)) here.voted_in = ring_;
    for (const auto& [one, first] : nodes_)
      for (const auto& [other, second] : nodes_)
        if (first.voter->verdict(clock(one)) == Verdict::yes && knows_ring(first) &&
            !first.members.contains(NodeId{other}) && second.voted_in == ring_)
          return fmt::format("at {} ms node {} does not know that {} had the vote", now_, one,
                             other);
    return "";
  }

  // Nobody says of another that it writes elsewhere, however slow they are.
  std::string suspects() {
    for (const auto& [one, here] : nodes_)
      if (!here.voter->apart().empty())
        return fmt::format("at {} ms node {} takes node {} for one that writes elsewhere", now_,
                           one, *here.voter->apart().begin());
    return "";
  }

  // Once all know that there are two witnesses, and have written it down, there is no vote.
  std::string voted_knowing() {
    const auto knows = [&](uint32_t node) {
      const auto& own = place_of(node)[node];
      return !nodes_[node].voter->apart().empty() && own && !own->apart.empty();
    };
    bool all = true;
    for (uint32_t node = 1; node <= count_; ++node) all &= knows(node);
    if (all && !known_since_) known_since_ = now_;
    if (!known_since_ || now_ < *known_since_ + 2 * static_cast<uint64_t>(kTimes.vote.count()))
      return "";
    for (const auto& [node, here] : nodes_)
      if (here.voter->votes(clock(node)))
        return fmt::format("at {} ms node {} counts the vote of a witness that has a copy", now_,
                           node);
    return "";
  }

  std::mt19937_64 random_;
  uint32_t count_;
  bool copied_ = false;
  std::map<uint32_t, std::optional<Slot>> copy_;
  std::optional<uint64_t> known_since_;
  bool pings_ = chance(2) == 0;
  uint64_t now_ = 0;
  uint64_t ring_ = 0;
  std::multimap<uint64_t, std::function<void()>> events_;
  std::map<uint32_t, Node> nodes_;
  std::map<uint32_t, std::optional<Slot>> slots_;
  std::vector<std::set<NodeId>> sides_;
  size_t votes_given_ = 0;
};

TEST(Voter, never_votes_for_two_sides_however_slow_the_witness_is) {
  size_t votes = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Storm storm(seed);
    ASSERT_EQ(storm.run(4000), "") << "seed " << seed;
    votes += storm.votes_given();
  }
  EXPECT_GT(votes, 10'000U);
}

TEST(Voter, never_votes_once_two_know_that_they_see_different_witnesses) {
  size_t known = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Storm storm(seed);
    ASSERT_EQ(storm.run(1000), "") << "seed " << seed;
    storm.copy_witness();
    ASSERT_EQ(storm.run(4000), "") << "seed " << seed;
    known += storm.all_know() ? 1 : 0;
  }
  EXPECT_GT(known, 50U);
}

}  // namespace
}  // namespace tasuki::witness
