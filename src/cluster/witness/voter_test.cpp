#include "cluster/witness/voter.hpp"

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
        voter(node.value).say({.groups = runs == groups.end() ? 0 : runs->second}, now_);
        voter(node.value)
            .stand({fmt::format("{}.{}", *members.begin(), rings_), members,
                    2 * members.size() > nodes, 2 * members.size() == nodes},
                   now_);
      }
  }

  // An answer of a host of [ping] to what was asked `asked`; nothing when none has answered yet.
  void hear(uint32_t node, std::optional<Moment> asked, size_t groups = 0) {
    voter(node).say({.groups = groups, .pings = true, .reached = asked}, now_);
  }

  void restart_without_slot(uint32_t node) {
    voters_.erase(NodeId{node});
    slots_.erase(NodeId{node});
    voter(node);
  }

  void write(uint32_t node) {
    begun_[node] = now_;
    const Slot slot = voter(node).begin(now_);
    place_of(node)[NodeId{node}] = {
        fmt::format("{} {}", slot.sequence, static_cast<int>(slot.claim)), slot};
  }
  void read(uint32_t node, bool written = true) {
    Look look{begun_[node], written, voter(node).leader(), now_, now_, {{}}};
    for (const auto& [other, voter] : voters_)
      if (other.value != node) (*look.others)[other] = place_of(node)[other];
    voter(node).end(look);
  }
  void look(uint32_t node) {
    write(node);
    read(node);
  }
  // Everybody that is not dead looks every so often.
  void pass(milliseconds time, const std::set<uint32_t>& dead = {},
            milliseconds step = kTimes.look) {
    for (const Moment end = now_ + time; now_ < end; now_ += step)
      for (auto& [node, voter] : voters_)
        if (!dead.contains(node.value)) look(node.value);
  }
  [[nodiscard]] bool votes(uint32_t node) { return voter(node).votes(now_); }
  [[nodiscard]] Moment now() const { return now_; }
  void wait(milliseconds time) { now_ += time; }
  // To the other node of two, which looks from then on for what it was told.
  void tell(uint32_t node) {
    if (const auto sequence = voter(node).take_written())
      voter(3 - node).heard(NodeId{node}, *sequence);
  }
  // From now on it sees and writes a copy of what is there.
  void see_copy(uint32_t node) { copies_[node] = slots_; }
  void restart(uint32_t node) {
    const auto own = place_of(node)[NodeId{node}].slot;
    voters_.erase(NodeId{node});
    voter(node).continue_from(*own);
  }

 private:
  std::map<NodeId, Look::Found>& place_of(uint32_t node) {
    const auto copy = copies_.find(node);
    return copy == copies_.end() ? slots_ : copy->second;
  }

  Moment now_{1h};
  uint64_t rings_ = 0;
  std::map<uint32_t, std::map<NodeId, Look::Found>> copies_;
  std::map<NodeId, Voter> voters_;
  std::map<NodeId, Look::Found> slots_;
  std::map<uint32_t, Moment> begun_;
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

TEST(Voter, gives_no_vote_to_one_of_two_that_see_different_places) {
  Table table = two_together();
  table.see_copy(2);
  for (int round = 0; round < 2; ++round)
    for (const uint32_t node : {1U, 2U}) {
      table.look(node);
      table.tell(node);
    }
  EXPECT_THAT(table.voter(1).apart(), testing::ElementsAre(NodeId{2}));
  EXPECT_THAT(table.voter(2).apart(), testing::ElementsAre(NodeId{1}));
  table.look(1);
  table.look(2);
  table.restart(2);
  table.stand({kOne, kTwo}, 2);
  table.pass(9s);
  EXPECT_FALSE(table.votes(1));
  EXPECT_FALSE(table.votes(2)) << "its slot remembers";
}

TEST(Voter, a_vote_that_is_held_ends_when_the_other_turns_out_to_see_another_place) {
  Table table = two_together();
  table.stand({kOne}, 2);
  table.pass(600ms, {2});
  ASSERT_TRUE(table.votes(1));
  table.voter(1).heard(NodeId{2}, 1'000'000);
  table.look(1);
  EXPECT_FALSE(table.votes(1));
}

TEST(Voter, one_that_cannot_write_takes_nobodys_vote) {
  Table table = two_together();
  for (int round = 0; round < 3; ++round) {
    table.look(1);
    table.tell(1);
    table.write(2);
    table.read(2, false);
    table.tell(2);
    table.wait(5s);
  }
  EXPECT_THAT(table.voter(1).apart(), testing::IsEmpty());
  EXPECT_THAT(table.voter(2).apart(), testing::IsEmpty());
  table.stand({kOne, kTwo}, 2);
  table.pass(3s, {2});
  EXPECT_TRUE(table.votes(1));
}

TEST(Voter, what_is_told_while_a_look_is_under_way_the_next_one_must_find) {
  Table table = two_together();
  table.write(1);
  table.voter(1).heard(NodeId{2}, 1'000'000);
  table.read(1);
  EXPECT_THAT(table.voter(1).apart(), testing::IsEmpty());
  table.look(1);
  EXPECT_THAT(table.voter(1).apart(), testing::ElementsAre(NodeId{2}));
  table.look(2);
  table.tell(2);
  table.look(1);
  EXPECT_THAT(table.voter(1).apart(), testing::IsEmpty()) << "the place was put right";
}

TEST(Voter, believes_that_a_node_let_go_only_what_was_not_there_before) {
  Table table;
  EXPECT_TRUE(table.voter(2).say({.released = 7}, table.now())) << "it is time for a look";
  table.look(2);
  table.look(1);
  table.voter(1).say({.epoch = 8}, table.now());
  EXPECT_TRUE(table.voter(1).released().empty()) << "it may be of any age";
  table.look(2);
  table.look(1);
  const auto words = table.voter(1).released();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].node, NodeId{2});
  EXPECT_EQ(words[0].epoch, 7U);
  table.wait(1ms);
  table.voter(1).say({.epoch = 9}, table.now());
  EXPECT_TRUE(table.voter(1).released().empty()) << "it was written before this epoch";
  table.look(2);
  table.look(1);
  EXPECT_TRUE(table.voter(1).released().empty()) << "it may have been, after the look before";
  table.look(2);
  table.look(1);
  EXPECT_EQ(table.voter(1).released().size(), 1U);
}

// Two that have just lost each other; the first runs a group.
Table two_that_ping() {
  Table table = two_together({{1, 1}});
  const Moment before = table.now();
  table.wait(1ms);
  table.stand({kOne, kTwo}, 2, {{1, 1}});
  table.hear(1, before, 1);
  table.hear(2, before);
  return table;
}

TEST(Voter, votes_for_the_one_with_more_groups_as_soon_as_a_host_outside_answers_it) {
  Table table = two_that_ping();
  EXPECT_TRUE(table.voter(1).waits_for_answer(table.now()));
  table.look(1);
  EXPECT_FALSE(table.votes(1)) << "what was asked before the split says nothing";
  table.hear(1, table.now(), 1);
  table.hear(2, table.now());
  EXPECT_FALSE(table.voter(1).waits_for_answer(table.now()));
  table.look(2);
  table.look(1);
  EXPECT_TRUE(table.votes(1));
  table.pass(5s);
  EXPECT_FALSE(table.votes(2));
}

TEST(Voter, votes_for_the_other_when_the_one_with_more_groups_reaches_nobody_outside) {
  Table table = two_that_ping();
  table.hear(2, table.now());
  table.pass(kTimes.look, {}, kTimes.look / 4);
  EXPECT_FALSE(table.votes(2)) << "the first may still hear an answer";
  table.pass(kTimes.look, {}, kTimes.look / 4);
  EXPECT_TRUE(table.votes(2));
  table.pass(5s);
  EXPECT_FALSE(table.votes(1));
}

TEST(Voter, goes_by_the_groups_when_neither_reaches_anybody_outside) {
  Table table = two_that_ping();
  table.pass(2 * kTimes.look, {}, kTimes.look / 4);
  EXPECT_TRUE(table.votes(1));
  EXPECT_FALSE(table.votes(2));
}

TEST(Voter, votes_for_one_that_reaches_nobody_outside_when_the_other_is_silent) {
  Table table = two_together({{1, 3}});
  table.pass(900ms, {1});
  table.stand({kTwo}, 2);
  table.hear(2, std::nullopt);
  table.look(2);
  table.wait(1ms);
  table.look(2);
  EXPECT_TRUE(table.votes(2));
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

}  // namespace
}  // namespace tasuki::witness
