#include "cluster/witness/vote_count.hpp"

#include <gmock/gmock.h>

namespace tasuki::witness {
namespace {

using core::NodeId;
using membership::QuorumChanged;

const QuorumChanged kAlone{{1, 7}, false, {NodeId{1}}};

QuorumChanged with_majority(QuorumChanged word) {
  word.quorate = true;
  return word;
}

TEST(VoteCount, a_ring_with_a_majority_of_its_own_needs_no_vote) {
  VoteCount count;
  const QuorumChanged word{{1, 6}, true, {NodeId{1}, NodeId{2}}};
  count.counted(word);
  EXPECT_FALSE(count.standing(2).needs_vote);
  EXPECT_EQ(count.judge(Verdict::open), word);
}

TEST(VoteCount, of_half_the_nodes_nothing_is_told_until_the_vote_is_decided) {
  VoteCount count;
  count.counted(kAlone);
  EXPECT_EQ(count.standing(2), (Standing{"1.7", {NodeId{1}}, false, true}));
  EXPECT_EQ(count.judge(Verdict::open), std::nullopt);
  EXPECT_EQ(count.judge(Verdict::yes), with_majority(kAlone));
  EXPECT_EQ(count.judge(Verdict::yes), std::nullopt);
}

TEST(VoteCount, a_vote_that_ends_is_told_although_it_may_come_back) {
  VoteCount count;
  count.counted(kAlone);
  count.judge(Verdict::yes);
  EXPECT_EQ(count.judge(Verdict::open), kAlone);
  EXPECT_EQ(count.judge(Verdict::yes), with_majority(kAlone));
}

TEST(VoteCount, a_side_that_does_not_get_the_vote_is_told_so) {
  VoteCount count;
  count.counted(kAlone);
  EXPECT_EQ(count.judge(Verdict::no), kAlone);
}

TEST(VoteCount, a_vote_that_comes_after_another_side_had_it_is_told_after_its_loss) {
  VoteCount count;
  count.counted(kAlone);
  EXPECT_EQ(count.judge(Verdict::late), kAlone);
  EXPECT_EQ(count.judge(Verdict::late), with_majority(kAlone));
  EXPECT_EQ(count.judge(Verdict::late), std::nullopt);
}

TEST(VoteCount, less_than_half_never_asks) {
  VoteCount count;
  count.counted(kAlone);
  EXPECT_FALSE(count.standing(4).needs_vote);
}

TEST(VoteCount, what_was_counted_ends_with_the_engine) {
  VoteCount count;
  count.counted(kAlone);
  count.engine_lost();
  EXPECT_EQ(count.standing(2), Standing{});
  EXPECT_EQ(count.judge(Verdict::yes), std::nullopt);
}

}  // namespace
}  // namespace tasuki::witness
