#include "cluster/membership/membership_joiner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasuki::membership {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Cause = MembersChanged::Cause;

std::vector<core::NodeId> nodes(std::initializer_list<uint32_t> ids) {
  return {ids.begin(), ids.end()};
}

RingId ring(uint64_t sequence) {
  return {1, sequence};
}

MembersChanged process_change(std::initializer_list<uint32_t> members) {
  return {nodes(members), Cause::process};
}
MembersChanged node_change(std::initializer_list<uint32_t> members) {
  return {nodes(members), Cause::ring};
}
RingChanged cpg_ring(uint64_t sequence, std::initializer_list<uint32_t> ids) {
  return {ring(sequence), nodes(ids)};
}
QuorumChanged quorate(uint64_t sequence, std::initializer_list<uint32_t> ids) {
  return {ring(sequence), true, nodes(ids)};
}
QuorumChanged not_quorate(uint64_t sequence, std::initializer_list<uint32_t> ids) {
  return {ring(sequence), false, nodes(ids)};
}
Message said(uint32_t from, std::string content) {
  return {core::NodeId(from), std::move(content)};
}

std::vector<Step> observe(MembershipJoiner& joiner, std::vector<Observation> observations) {
  std::vector<Step> steps;
  for (Observation& observation : observations)
    for (Step& step : joiner.observe(std::move(observation))) steps.push_back(std::move(step));
  return steps;
}

// Two nodes with a tasukid each, settled on ring 8.
MembershipJoiner settled() {
  MembershipJoiner joiner;
  observe(joiner, {process_change({1, 2}), cpg_ring(8, {1, 2}), quorate(8, {1, 2})});
  return joiner;
}

const Step kWholeRing = Membership{ring(8), true, nodes({1, 2}), nodes({1, 2})};
const Step kAloneRing = Membership{ring(12), false, nodes({1}), nodes({1})};

TEST(MembershipJoiner, TellsNothingBeforeBothSpeakOfTheSameRing) {
  MembershipJoiner cpg_first;
  EXPECT_THAT(observe(cpg_first, {process_change({1, 2}), cpg_ring(8, {1, 2})}), IsEmpty());
  EXPECT_THAT(observe(cpg_first, {quorate(8, {1, 2})}), ElementsAre(kWholeRing));

  MembershipJoiner quorum_first;
  EXPECT_THAT(observe(quorum_first, {quorate(8, {1, 2}), process_change({1, 2})}), IsEmpty());
  EXPECT_THAT(observe(quorum_first, {cpg_ring(8, {1, 2})}), ElementsAre(kWholeRing));
}

TEST(MembershipJoiner, PassesMessagesOnWhileSettled) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {said(2, "a"), said(1, "b")}),
              ElementsAre(Step(said(2, "a")), Step(said(1, "b"))));
}

TEST(MembershipJoiner, HoldsMessagesOfTheNewRingUntilTheMajorityIsKnown) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {said(2, "old"), node_change({1}), cpg_ring(12, {1}), said(1, "new"),
                               said(1, "newer")}),
              ElementsAre(Step(said(2, "old"))));
  EXPECT_EQ(joiner.waiting_bytes(), 8U);
  EXPECT_THAT(observe(joiner, {not_quorate(12, {1})}),
              ElementsAre(kAloneRing, Step(said(1, "new")), Step(said(1, "newer"))));
  EXPECT_EQ(joiner.waiting_bytes(), 0U);
}

TEST(MembershipJoiner, TellsMessagesOfTheOldRingAtOnceWhenQuorumRunsAhead) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {not_quorate(12, {1}), said(2, "old")}),
              ElementsAre(Step(said(2, "old"))));
  EXPECT_THAT(observe(joiner, {node_change({1}), cpg_ring(12, {1})}), ElementsAre(kAloneRing));
}

TEST(MembershipJoiner, DoesNotTellLostNodesBeforeTheRingThatLostThem) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {node_change({1})}), IsEmpty());
}

TEST(MembershipJoiner, TellsAProcessThatCameOrWentInOrderWithMessages) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(
      observe(joiner, {said(2, "a"), process_change({1}), said(1, "b"), process_change({1, 2})}),
      ElementsAre(Step(said(2, "a")), Step(Membership{ring(8), true, nodes({1}), nodes({1, 2})}),
                  Step(said(1, "b")), kWholeRing));
}

TEST(MembershipJoiner, HoldsAProcessChangeOfTheNewRingInItsPlace) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(
      observe(joiner, {cpg_ring(12, {1, 2}), said(1, "a"), process_change({1}), said(1, "b")}),
      IsEmpty());
  EXPECT_THAT(
      observe(joiner, {quorate(12, {1, 2})}),
      ElementsAre(Step(Membership{ring(12), true, nodes({1, 2}), nodes({1, 2})}),
                  Step(said(1, "a")), Step(Membership{ring(12), true, nodes({1}), nodes({1, 2})}),
                  Step(said(1, "b"))));
}

TEST(MembershipJoiner, TellsANewRingOfTheSameNodes) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {cpg_ring(12, {1, 2}), quorate(12, {1, 2})}),
              ElementsAre(Step(Membership{ring(12), true, nodes({1, 2}), nodes({1, 2})})));
}

TEST(MembershipJoiner, TellsWhenOnlyTheMajorityChanges) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {not_quorate(8, {1, 2}), not_quorate(8, {1, 2})}),
              ElementsAre(Step(Membership{ring(8), false, nodes({1, 2}), nodes({1, 2})})));
  EXPECT_THAT(observe(joiner, {quorate(8, {1, 2})}), ElementsAre(kWholeRing));
}

TEST(MembershipJoiner, KeepsTheLostMajorityWhenAProcessChanges) {
  MembershipJoiner joiner = settled();
  observe(joiner, {not_quorate(8, {1, 2})});
  EXPECT_THAT(observe(joiner, {process_change({1})}),
              ElementsAre(Step(Membership{ring(8), false, nodes({1}), nodes({1, 2})})));
}

TEST(MembershipJoiner, TellsEveryRingInOrderWhenQuorumIsReadLate) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {node_change({1}), cpg_ring(12, {1}), said(1, "alone"),
                               node_change({1, 2}), cpg_ring(16, {1, 2}), said(2, "back")}),
              IsEmpty());
  EXPECT_THAT(observe(joiner, {not_quorate(12, {1})}),
              ElementsAre(kAloneRing, Step(said(1, "alone"))));
  EXPECT_THAT(observe(joiner, {quorate(16, {1, 2})}),
              ElementsAre(Step(Membership{ring(16), true, nodes({1, 2}), nodes({1, 2})}),
                          Step(said(2, "back"))));
}

TEST(MembershipJoiner, TellsEveryRingInOrderWhenCpgIsReadLate) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {quorate(12, {1, 2}), not_quorate(16, {1})}), IsEmpty());
  EXPECT_THAT(observe(joiner, {cpg_ring(12, {1, 2}), said(2, "last words")}),
              ElementsAre(Step(Membership{ring(12), true, nodes({1, 2}), nodes({1, 2})}),
                          Step(said(2, "last words"))));
  EXPECT_THAT(observe(joiner, {node_change({1}), cpg_ring(16, {1})}),
              ElementsAre(Step(Membership{ring(16), false, nodes({1}), nodes({1})})));
}

TEST(MembershipJoiner, TellsARingWithoutMajorityWhenQuorumPassedItOver) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {node_change({1}), cpg_ring(12, {1}), said(1, "alone"),
                               node_change({1, 2}), cpg_ring(16, {2, 1})}),
              IsEmpty());
  EXPECT_THAT(observe(joiner, {quorate(16, {1, 2})}),
              ElementsAre(kAloneRing, Step(said(1, "alone")),
                          Step(Membership{ring(16), true, nodes({1, 2}), nodes({1, 2})})));
}

TEST(MembershipJoiner, IgnoresTheMajorityOfARingThatIsOver) {
  MembershipJoiner joiner = settled();
  observe(joiner, {node_change({1}), cpg_ring(12, {1}), not_quorate(12, {1})});
  EXPECT_THAT(observe(joiner, {quorate(8, {1, 2})}), IsEmpty());
}

TEST(MembershipJoiner, TakesTheLatestWordOnARingThatIsStillToCome) {
  MembershipJoiner joiner = settled();
  EXPECT_THAT(observe(joiner, {not_quorate(12, {1}), quorate(12, {1}), node_change({1}),
                               cpg_ring(12, {1})}),
              ElementsAre(Step(Membership{ring(12), true, nodes({1}), nodes({1})})));
}

// The group is joined while a ring forms: CPG tells the ring with the old list of nodes first.
TEST(MembershipJoiner, TakesTheNodesFromTheQuorumService) {
  MembershipJoiner joiner;
  EXPECT_THAT(observe(joiner, {process_change({1}), cpg_ring(12, {1}), node_change({1, 2}),
                               cpg_ring(12, {1, 2}), quorate(12, {2, 1})}),
              ElementsAre(Step(Membership{ring(12), true, nodes({1}), nodes({1, 2})}),
                          Step(Membership{ring(12), true, nodes({1, 2}), nodes({1, 2})})));
}

TEST(MembershipJoiner, CountsANodeOnceHoweverManyProcessesItHas) {
  MembershipJoiner joiner;
  EXPECT_THAT(observe(joiner, {process_change({2, 1, 2}), cpg_ring(8, {2, 1}), quorate(8, {2, 1})}),
              ElementsAre(kWholeRing));
}

}  // namespace
}  // namespace tasuki::membership
