// Why things are as they are: the sentences for the situations an administrator asks about.
#include "cluster/core/explain.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::core {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class ExplainTest : public testing::Test {
 protected:
  Situation situation(std::string obstacle = "") {
    return {world.state, world.view, kSv1, std::move(obstacle)};
  }
  Explanation office() { return explain_group(situation(), world.configured()); }
  Explanation node(NodeId id) {
    return explain_node(situation(), *world.state.config().find_node(id));
  }
  World world;
};

TEST_F(ExplainTest, a_group_that_serves_tells_where_it_would_go_and_after_which_proof) {
  world.runs_on(kSv1);
  world.group().why_here = "started on sv1";
  const Explanation told = office();
  EXPECT_EQ(told.verdict, "group office is online on sv1: started on sv1");
  EXPECT_THAT(told.rule, StartsWith("a group stays where it runs"));
  EXPECT_THAT(told.refused, ElementsAre("sv2: could run it, if there were a reason to move",
                                        "sv3: could run it, if there were a reason to move"));
  EXPECT_THAT(told.proof,
              ElementsAre("if sv1 were lost, sv2 could start it after its power switched off by "
                          "fence_of_sv1 and confirmed, within 20s",
                          "if sv1 were lost, sv2 could start it after your word: tasuki node "
                          "confirm-down sv1"));
  EXPECT_THAT(told.remedies, ElementsAre("tasuki group move office --to sv2"));
}

TEST_F(ExplainTest, a_lease_is_named_as_a_proof_where_it_counts) {
  world.runs_on(kSv1);
  world.state.nodes[kSv1].hardware = Hardware{.watchdog = true};
  EXPECT_THAT(office().proof, Contains(HasSubstr("the end of its lease, 8585ms")));
  EXPECT_THAT(node(kSv1).proof, Contains(HasSubstr("its lease counts")));
  EXPECT_THAT(node(kSv2).proof, Contains(HasSubstr("it has not been met yet")));
  world.state.nodes[kSv2].hardware = Hardware{};
  EXPECT_THAT(node(kSv2).proof, Contains("its lease proves nothing: it has no watchdog"));
  world.state.nodes[kSv2].hardware = Hardware{.watchdog = true, .virtual_machine = true};
  EXPECT_THAT(node(kSv2).proof, Contains(HasSubstr("it is a virtual machine, which may be")));
  world.state.durable.applied.config.nodes[1].machine = Machine::virtual_machine;
  world.state.nodes[kSv2].hardware = Hardware{.watchdog = true};
  EXPECT_THAT(node(kSv2).proof, Contains(HasSubstr("by the configuration it is a virtual")));
}

TEST_F(ExplainTest, a_lost_server_that_is_seen_to_live_tells_why_its_lease_is_not_believed) {
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.state.durable.applied.config.lease_device = "/dev/lease";
  world.state.nodes[kSv1].hardware = Hardware{.watchdog = true};
  EXPECT_THAT(node(kSv1).facts, Not(Contains(HasSubstr("that it has groups"))));
  Situation seen = situation();
  seen.seen_with_groups = {kSv1};
  EXPECT_THAT(explain_node(seen, *world.state.config().find_node(kSv1)).facts,
              Contains("it writes to /dev/lease that it has groups: it lives, and while it does, "
                       "the end of its lease is not believed"));
}

TEST_F(ExplainTest, a_group_whose_server_is_lost_tells_which_proof_is_missing) {
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  world.state.nodes[kSv1].fence_problem = "the switch does not answer";
  const Explanation told = office();
  EXPECT_THAT(told.verdict, HasSubstr("is waiting on sv1: sv1 had it and is lost"));
  EXPECT_THAT(told.rule, HasSubstr("only when it is proved"));
  EXPECT_THAT(told.proof, Contains("missing: nothing proves that sv1 let go"));
  EXPECT_THAT(told.proof, Contains("its power could not be switched: the switch does not answer"));
  EXPECT_THAT(told.remedies, Contains(HasSubstr("tasuki node confirm-down sv1")));
}

TEST_F(ExplainTest, after_a_takeover_the_proof_that_was_used_is_named) {
  world.runs_on(kSv2);
  world.group().previous = kSv1;
  world.is_lost(kSv1);
  world.let_go(kSv1, LetGo::power_off);
  EXPECT_EQ(office().proof.front(),
            "used: the power of sv1 was switched off, and its switch confirmed it");
}

TEST_F(ExplainTest, why_other_servers_are_refused) {
  world.runs_on(kSv1);
  world.set_aside(kSv2);
  world.group().failures[kSv3] = {"no such device", 1, true};
  const Explanation told = office();
  EXPECT_THAT(told.refused, ElementsAre("sv2: is set aside", "sv3: failed: no such device"));
  EXPECT_THAT(told.remedies, Contains("tasuki node resume sv2"));
  EXPECT_THAT(told.remedies, Contains(HasSubstr("tasuki group retry office")));
  EXPECT_THAT(told.proof, ElementsAre("if sv1 were lost, no server could take it over"));
}

TEST_F(ExplainTest, a_side_without_the_right_says_so_before_all_else) {
  world.runs_on(kSv1);
  world.view.quorate = false;
  const Explanation told = explain_group(situation("too few servers answer"), world.configured());
  EXPECT_THAT(told.verdict, HasSubstr("too few servers answer"));
  EXPECT_THAT(told.rule, StartsWith("only a side with the right to decide"));
}

TEST_F(ExplainTest, what_a_person_decided_is_a_fact_and_can_be_taken_back) {
  world.stopped();
  world.locked();
  const Explanation told = office();
  EXPECT_THAT(told.facts, Contains("an administrator stopped it"));
  EXPECT_THAT(told.facts, Contains("the cluster is locked"));
  EXPECT_THAT(told.remedies, Contains("tasuki unlock"));
  EXPECT_THAT(told.remedies, Contains("tasuki group start office"));
}

TEST_F(ExplainTest, a_conflict_waits_for_a_person) {
  world.group().conflict = Conflict{kSv1, kSv2, LetGo::confirmed, "2026-01-02T03:04:05Z", true};
  const Explanation told = office();
  EXPECT_THAT(told.facts, Contains("two servers had it: sv2 started it, because an administrator "
                                   "vouched that sv1 is down; but sv1 still had it when they met "
                                   "at 2026-01-02T03:04:05Z"));
  EXPECT_THAT(told.refused, Each(HasSubstr("waits until somebody says retry")));
  EXPECT_THAT(told.rule, HasSubstr("a person decides"));
  EXPECT_THAT(told.remedies, Contains("tasuki group retry office"));
}

TEST_F(ExplainTest, a_server_tells_what_it_has_and_what_its_loss_would_mean) {
  world.runs_on(kSv1);
  const Explanation told = node(kSv1);
  EXPECT_EQ(told.verdict, "sv1 is online");
  EXPECT_THAT(told.facts, Contains("it has group office, which is online"));
  EXPECT_THAT(told.proof, Contains(StartsWith("if it were lost: its power switched off")));
  EXPECT_THAT(told.refused, IsEmpty());
}

TEST_F(ExplainTest, a_server_is_returning_until_every_disk_has_taken_note) {
  world.runs_on(kSv1);
  world.is_only_just_back(kSv2);
  const Explanation told = node(kSv2);
  EXPECT_EQ(told.verdict, "sv2 is returning");
  EXPECT_THAT(told.facts, Contains(HasSubstr("not every server has that on its disk yet")));
  EXPECT_THAT(told.refused, ElementsAre("group office: is only just back"));
}

TEST_F(ExplainTest, of_a_lost_server_that_lives_nobody_is_told_to_vouch) {
  world.state.durable.applied.config.nodes[0].fence.clear();
  world.runs_on(kSv1);
  world.is_lost(kSv1);
  EXPECT_THAT(reason_of(situation(), world.configured()),
              HasSubstr("if it is surely down, say: tasuki node confirm-down sv1"));
  Situation seen = situation();
  seen.seen_with_groups = {kSv1};
  EXPECT_THAT(reason_of(seen, world.configured()),
              HasSubstr("sv1 lives: mend what keeps it away, or switch its power off"));
  EXPECT_THAT(explain_group(seen, world.configured()).remedies,
              Not(Contains(HasSubstr("confirm-down"))));
}

TEST_F(ExplainTest, the_word_that_is_advised_is_one_that_would_be_taken) {
  world.is_lost(kSv2);
  EXPECT_EQ(advice_about(situation(), kSv2),
            "if sv2 is surely down, say: tasuki node confirm-down sv2");
  EXPECT_EQ(advice_about(situation("too few servers answer"), kSv2),
            "if sv2 is surely down, say: tasuki node confirm-down sv2 --accept-loss");
  world.let_go(kSv2, LetGo::lease);
  EXPECT_EQ(advice_about(situation(), kSv2), "") << "its proof is there";
}

TEST_F(ExplainTest, a_side_that_lacks_news_says_so_and_not_that_it_has_no_right) {
  world.is_lost(kSv2);
  const Situation waiting = situation("the servers here may not know the newest state");
  EXPECT_THAT(explain_group(waiting, world.configured()).rule,
              StartsWith("only a side that knows all that was acknowledged"));
  const Explanation told = explain_node(waiting, *world.state.config().find_node(kSv2));
  EXPECT_THAT(told.rule, StartsWith("only a side that knows all that was acknowledged"));
  EXPECT_THAT(told.facts, Contains("the servers here may not know the newest state"));
  EXPECT_THAT(told.remedies, Not(Contains("the servers here may not know the newest state")));
  world.view.quorate = false;
  EXPECT_THAT(explain_group(waiting, world.configured()).rule,
              StartsWith("only a side with the right to decide"));
}

TEST_F(ExplainTest, whose_death_nothing_but_a_word_could_prove) {
  Node& sv1 = world.state.durable.applied.config.nodes[0];
  EXPECT_EQ(why_only_a_word(world.state, sv1), "") << "it has a switch";
  sv1.fence.clear();
  EXPECT_EQ(why_only_a_word(world.state, sv1), "") << "nobody knows yet what it is";
  world.state.nodes[kSv1].hardware = Hardware{.watchdog = true};
  EXPECT_EQ(why_only_a_word(world.state, sv1), "") << "its lease counts";
  world.state.nodes[kSv1].hardware = Hardware{};
  EXPECT_THAT(why_only_a_word(world.state, sv1), HasSubstr("no watchdog"));
  world.state.nodes[kSv1].hardware = Hardware{.watchdog = true, .virtual_machine = true};
  EXPECT_THAT(why_only_a_word(world.state, sv1), HasSubstr("a virtual machine"));
  world.state.nodes.clear();
  sv1.machine = Machine::virtual_machine;
  EXPECT_THAT(why_only_a_word(world.state, sv1), HasSubstr("a virtual machine"));
}

TEST_F(ExplainTest, of_two_that_fence_each_other_the_lease_is_no_proof) {
  world = World(2);
  Node& sv1 = world.state.durable.applied.config.nodes[0];
  sv1.fence.clear();
  world.state.nodes[kSv1].hardware = Hardware{.watchdog = true};
  EXPECT_THAT(why_only_a_word(world.state, sv1), HasSubstr("only a switched-off one"));
}

TEST_F(ExplainTest, a_lost_server_without_a_switch) {
  world.state.durable.applied.config.nodes[1].fence.clear();
  world.runs_on(kSv2);
  world.is_lost(kSv2);
  const Explanation told = node(kSv2);
  EXPECT_EQ(told.verdict, "sv2 is lost");
  EXPECT_THAT(told.proof, Contains("sv2 has no power switch"));
  EXPECT_THAT(told.remedies, Contains(HasSubstr("tasuki node confirm-down sv2")));
}

TEST_F(ExplainTest, a_server_that_surely_let_go_needs_nobodys_word) {
  world.is_lost(kSv2);
  world.let_go(kSv2, LetGo::left);
  const Explanation told = node(kSv2);
  EXPECT_EQ(told.verdict, "sv2 is left");
  EXPECT_THAT(told.proof, ElementsAre("used: sv2 stopped its groups and said goodbye"));
  EXPECT_THAT(told.remedies, Not(Contains(HasSubstr("confirm-down"))));
}

}  // namespace
}  // namespace tasuki::core
