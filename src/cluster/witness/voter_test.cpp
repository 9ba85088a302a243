#include "cluster/witness/voter.hpp"

#include <deque>
#include <functional>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tasuki::witness {
namespace {

using namespace std::chrono_literals;
using core::NodeId;

constexpr Times kTimes{.look = 300ms, .vote = 2000ms, .silence = 2320ms, .grace = 900ms};

// Slots that all see, and nodes that look at them when they are told to.
class Table {
 public:
  Voter& voter(uint32_t node) {
    return voters_.try_emplace(NodeId{node}, NodeId{node}, kTimes).first->second;
  }

  // Both rings at once, as after a cut.
  void stand(const std::vector<std::set<NodeId>>& rings, size_t nodes,
             const std::map<uint32_t, size_t>& groups = {}) {
    ++rings_;
    for (const auto& members : rings)
      for (const NodeId node : members) {
        const auto runs = groups.find(node.value);
        voter(node.value)
            .stand({fmt::format("{}.{}", *members.begin(), rings_), members,
                    2 * members.size() > nodes, 2 * members.size() == nodes,
                    runs == groups.end() ? 0 : runs->second},
                   now_);
      }
  }

  void restart_without_slot(uint32_t node) {
    voters_.erase(NodeId{node});
    slots_.erase(NodeId{node});
    voter(node);
  }

  void releases(uint32_t node, uint64_t epoch) { released_[node] = epoch; }

  void write(uint32_t node) {
    begun_[node] = now_;
    Slot slot = voter(node).begin(now_);
    if (released_.contains(node)) slot.released = released_[node];
    slots_[NodeId{node}] = {fmt::format("{} {}", slot.sequence, static_cast<int>(slot.claim)),
                            slot};
  }
  void read(uint32_t node, bool written = true) {
    Look look{begun_[node], written, voter(node).leader(), now_, now_, {{}}};
    for (const auto& [other, voter] : voters_)
      if (other.value != node) (*look.others)[other] = slots_[other];
    voter(node).end(look);
  }
  void look(uint32_t node) {
    write(node);
    read(node);
  }
  // Everybody that is not dead looks every 300 ms.
  void pass(milliseconds time, const std::set<uint32_t>& dead = {}) {
    for (const Moment end = now_ + time; now_ < end; now_ += kTimes.look)
      for (auto& [node, voter] : voters_)
        if (!dead.contains(node.value)) look(node.value);
  }
  [[nodiscard]] bool votes(uint32_t node) { return voter(node).votes(now_); }
  [[nodiscard]] Moment now() const { return now_; }
  void wait(milliseconds time) { now_ += time; }

 private:
  Moment now_{1h};
  uint64_t rings_ = 0;
  std::map<NodeId, Voter> voters_;
  std::map<NodeId, Look::Found> slots_;
  std::map<uint32_t, Moment> begun_;
  std::map<uint32_t, uint64_t> released_;
};

const std::set<NodeId> kOne{NodeId{1}};
const std::set<NodeId> kTwo{NodeId{2}};
const std::set<NodeId> kBoth{NodeId{1}, NodeId{2}};

// Two that have long been together.
Table two_together(const std::map<uint32_t, size_t>& groups = {}) {
  Table table;
  table.voter(1);
  table.voter(2);
  table.stand({kBoth}, 2, groups);
  table.pass(3s);
  return table;
}

TEST(Voter, asks_for_no_vote_while_all_are_together) {
  Table table = two_together();
  EXPECT_FALSE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
}

TEST(Voter, sees_that_a_node_lives_by_what_it_writes) {
  Table table;
  table.stand({kBoth}, 2, {{2, 1}});
  table.look(2);
  table.look(1);
  EXPECT_FALSE(table.voter(1).seen_with_groups(NodeId{2})) << "it may be of any age";
  table.look(2);
  table.look(1);
  const Moment seen = table.now();
  table.pass(1200ms, {2});
  EXPECT_EQ(table.voter(1).seen_with_groups(NodeId{2}), seen);
  table.stand({kBoth}, 2);
  table.look(2);
  table.look(1);
  EXPECT_FALSE(table.voter(1).seen_with_groups(NodeId{2})) << "it says that it has none";
}

TEST(Voter, believes_that_a_node_let_go_only_what_was_not_there_before) {
  Table table;
  table.releases(2, 7);
  table.look(2);
  table.look(1);
  const Moment now = table.now();
  EXPECT_TRUE(table.voter(1).released(now).empty()) << "it may be of any age";
  table.look(1);
  table.look(2);
  table.look(1);
  const auto words = table.voter(1).released(now);
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].node, NodeId{2});
  EXPECT_EQ(words[0].epoch, 7U);
  EXPECT_TRUE(table.voter(1).released(now + 1ms).empty());
}

TEST(Voter, votes_for_the_one_that_is_left_within_a_look_of_the_loss) {
  Table table = two_together({{1, 3}});
  table.pass(900ms, {1});
  table.stand({kTwo}, 2);
  table.pass(300ms, {1});
  EXPECT_TRUE(table.votes(2));
}

TEST(Voter, votes_for_the_side_with_more_groups_when_both_are_awake) {
  Table table = two_together({{1, 1}, {2, 2}});
  table.stand({kOne, kTwo}, 2, {{1, 1}, {2, 2}});
  table.pass(3s);
  EXPECT_FALSE(table.votes(1));
  EXPECT_TRUE(table.votes(2));
}

TEST(Voter, votes_for_the_lowest_id_when_both_run_as_much) {
  Table table = two_together({{1, 1}, {2, 1}});
  table.stand({kOne, kTwo}, 2, {{1, 1}, {2, 1}});
  table.pass(3s);
  EXPECT_TRUE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
}

TEST(Voter, the_vote_is_over_when_the_witness_takes_no_more_writes) {
  Table table = two_together();
  table.stand({kOne}, 2);
  table.look(1);
  const Moment claimed = table.now();
  ASSERT_TRUE(table.votes(1));
  EXPECT_EQ(table.voter(1).deadline(table.now()), claimed + kTimes.vote);
  table.wait(1s);
  table.write(1);
  table.read(1, false);
  EXPECT_EQ(table.voter(1).deadline(table.now()), claimed + kTimes.vote);
  table.wait(1s);
  EXPECT_FALSE(table.votes(1));
}

TEST(Voter, a_claim_counts_until_its_slot_stood_still_for_longer_than_it_lasts) {
  Table table = two_together();
  table.stand({kOne, kTwo}, 2);
  table.pass(3s);
  ASSERT_TRUE(table.votes(1));
  table.pass(kTimes.vote, {1});
  EXPECT_FALSE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
  table.pass(kTimes.silence - kTimes.vote + 600ms, {1});
  EXPECT_TRUE(table.votes(2));
}

TEST(Voter, whoever_reads_of_another_claim_withdraws_his_own) {
  Table table = two_together();
  table.stand({kOne, kTwo}, 2);
  table.wait(1s);  // the grace is over for both
  table.write(1);
  table.write(2);
  table.read(1);
  table.read(2);
  EXPECT_FALSE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
  table.look(2);
  table.look(1);
  EXPECT_TRUE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
}

TEST(Voter, one_that_begins_takes_a_claim_for_good_until_its_slot_stood_still) {
  Table table = two_together();
  table.stand({kOne, kTwo}, 2);
  table.pass(3s);
  ASSERT_TRUE(table.votes(1));
  table.wait(1min);  // the first one is long dead, but the second one begins only now
  table.restart_without_slot(2);
  table.stand({kTwo}, 2);
  table.pass(kTimes.silence, {1});
  EXPECT_FALSE(table.votes(2));
  table.pass(600ms, {1});
  EXPECT_TRUE(table.votes(2));
}

TEST(Voter, never_votes_for_one_that_has_read_nothing_of_another) {
  Table table;
  table.voter(1);
  table.voter(2);  // has never written, or to another disk
  table.stand({kOne}, 2);
  table.pass(1min, {2});
  EXPECT_FALSE(table.votes(1));
  EXPECT_EQ(table.voter(1).stranger(), NodeId{2});
  table.look(2);
  table.pass(3s, {2});
  EXPECT_TRUE(table.votes(1));
  EXPECT_EQ(table.voter(1).stranger(), std::nullopt);
}

TEST(Voter, a_node_that_lost_its_slot_claims_under_a_higher_term_than_it_ever_did) {
  Table table = two_together();
  table.stand({kOne, kTwo}, 2);
  table.pass(3s);
  ASSERT_TRUE(table.votes(1));
  table.stand({kBoth}, 2);
  table.pass(1s);  // the second one knows the term now
  table.restart_without_slot(1);
  table.stand({kBoth}, 2);
  table.pass(3s);
  table.stand({kOne, kTwo}, 2);
  table.pass(600ms);
  ASSERT_TRUE(table.votes(1));
  table.pass(3s, {1});
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::late);
}

TEST(Voter, the_vote_of_the_first_counts_for_all_of_its_ring) {
  Table table;
  const std::set<NodeId> all{NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}};
  for (uint32_t node = 1; node <= 4; ++node) table.voter(node);
  table.stand({all}, 4);
  table.pass(3s);
  table.stand({{NodeId{1}, NodeId{2}}, {NodeId{3}, NodeId{4}}}, 4);
  table.pass(3s);
  EXPECT_TRUE(table.votes(1));
  EXPECT_TRUE(table.votes(2));
  EXPECT_FALSE(table.votes(3));
  EXPECT_FALSE(table.votes(4));
  // Not for longer than its own.
  EXPECT_LE(*table.voter(2).deadline(table.now()), *table.voter(1).deadline(table.now()));
}

TEST(Voter, a_new_ring_of_the_same_nodes_keeps_the_vote) {
  Table table = two_together();
  table.stand({kOne}, 2);
  table.look(1);
  table.stand({kOne}, 2);
  EXPECT_TRUE(table.votes(1));
  table.stand({kBoth}, 2);
  EXPECT_FALSE(table.votes(1));
}

TEST(Voter, the_verdict_is_open_until_another_has_the_vote_or_nothing_can_come_any_more) {
  Table table = two_together();
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::no);  // needs none
  table.stand({kOne, kTwo}, 2);
  const Moment begun = table.now();
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::open);
  EXPECT_EQ(table.voter(2).deadline(table.now()), begun + kTimes.grace);
  table.look(2);
  EXPECT_EQ(table.voter(2).deadline(table.now()),
            begun + kTimes.grace + kTimes.silence + kTimes.look);
  table.pass(900ms);
  EXPECT_EQ(table.voter(1).verdict(table.now()), Verdict::yes);
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::no);
}

TEST(Voter, a_witness_that_does_not_answer_is_waited_for_no_longer_than_the_grace) {
  Table table = two_together();
  table.wait(1ms);
  table.stand({kTwo}, 2);
  table.wait(kTimes.grace - 1ms);
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::open);
  table.wait(1ms);
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::no);
}

TEST(Voter, a_vote_is_late_when_another_side_had_it_and_died_with_it) {
  Table table = two_together();
  table.stand({kOne, kTwo}, 2);
  table.pass(300ms);
  ASSERT_EQ(table.voter(1).verdict(table.now()), Verdict::yes);
  table.pass(3s, {1});
  EXPECT_EQ(table.voter(2).verdict(table.now()), Verdict::late);
}

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
      if (auto wrong = two_sides(); !wrong.empty()) return wrong;
      if (auto wrong = ignorant(); !wrong.empty()) return wrong;
    }
    return "";
  }
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
    if (slots_[node]) here.voter->continue_from(*slots_[node]);
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
    here.look = {clock(node), false, {}, {}, {}, {{}}};
    const Slot slot = here.voter->begin(clock(node));
    const uint64_t lands = now_ + slow();
    // A witness refuses what is older than what it has.
    at(lands, [this, node, slot] {
      if (!slots_[node] || slots_[node]->sequence < slot.sequence) slots_[node] = slot;
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
      votes_given_ += here.voter->votes(clock(node)) ? 1 : 0;
      return soon(node, 1 + chance(static_cast<uint64_t>(here.voter->pause(clock(node)).count())));
    }
    const auto& slot = slots_[order.front()];
    (*here.look.others)[NodeId{order.front()}] =
        slot ? Look::Found{fmt::format("{}", slot->sequence), slot} : Look::Found{};
    order.pop_front();
    at(now_ + slow(), [this, node, order, life = here.life] {
      if (life == nodes_[node].life) read(node, order);
    });
  }

  void stand(uint32_t node) {
    for (const auto& side : sides_)
      if (side.contains(NodeId{node})) {
        Node& here = nodes_[node];
        here.members = side;
        here.ring = fmt::format("{}.{}", *side.begin(), ring_);
        here.voter->stand(
            {here.ring, side, 2 * side.size() > count_, 2 * side.size() == count_, chance(3)},
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

  std::mt19937_64 random_;
  uint32_t count_;
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

}  // namespace
}  // namespace tasuki::witness
