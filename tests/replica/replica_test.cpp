// How members come to one state and keep it, story by story, on the cluster in memory.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/replica/cluster.hpp"

namespace tasuki::test {
namespace {

using testing::HasSubstr;

const NodeId kSv1{1};
const NodeId kSv2{2};
const NodeId kSv3{3};
const GroupName kG1{"g1"};

struct Story : testing::Test {
  // With power switches that work.
  static Cluster fenced_pair() {
    Config config = make_config(2, 1);
    for (Node& node : config.nodes) node.fence.push_back({"fence_lab", {}, 20s});
    Cluster cluster(config);
    cluster.set_fencing_works(true);
    return cluster;
  }
  static bool succeeded(Cluster& cluster, const std::string& id) {
    const auto outcome = cluster.outcomes().find(id);
    return outcome != cluster.outcomes().end() && outcome->second.has_value();
  }
  static std::string error(Cluster& cluster, const std::string& id) {
    const auto outcome = cluster.outcomes().find(id);
    if (outcome == cluster.outcomes().end()) return "no answer";
    return outcome->second ? "it succeeded" : outcome->second.error().what;
  }
};

// --- agreement

TEST_F(Story, members_that_greet_each_other_hold_one_state_and_start_the_groups) {
  Cluster cluster(make_config(3, 2));
  cluster.all_up();
  EXPECT_EQ(cluster.replica(kSv1).state(), cluster.replica(kSv3).state());
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  EXPECT_EQ(cluster.owners("g2"), nodes({2}));
  EXPECT_EQ(cluster.violation(), "");
}

TEST_F(Story, two_that_start_with_different_configurations_start_nothing_and_say_so) {
  Cluster cluster(make_config(3, 1));
  for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.boot(node);
  cluster.run();
  cluster.adopt_config(kSv2, make_config(3, 2), "another");
  cluster.adopt_config(kSv1, make_config(3, 1), "one");
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv1).agreed());
  EXPECT_THAT(cluster.replica(kSv1).obstacle(), HasSubstr("different configurations"));
  EXPECT_EQ(cluster.owners("g1"), nodes({}));

  cluster.adopt_config(kSv1, make_config(3, 1), "chosen");
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv2).agreed());
  EXPECT_EQ(cluster.replica(kSv2).state().durable.applied.text, "chosen");
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
}

TEST_F(Story, one_that_comes_later_gets_the_whole_state) {
  Cluster cluster(make_config(3, 1));
  cluster.boot(kSv1);
  cluster.boot(kSv2);
  cluster.connect({nodes({1, 2})});
  cluster.run();
  cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.apply_config(kSv2, make_config(3, 2), "with another group");
  cluster.run();
  cluster.all_up();
  EXPECT_TRUE(cluster.replica(kSv3).state().durable.intent.locked);
  EXPECT_EQ(cluster.replica(kSv3).state().durable.applied.text, "with another group");
  EXPECT_EQ(cluster.replica(kSv3).state(), cluster.replica(kSv1).state());
}

TEST_F(Story, one_whose_peer_and_witness_are_lost_goes_on_by_an_administrators_word) {
  Config config = make_config(2, 1);
  config.witness = Witness{"10.0.0.9"};
  Cluster cluster(config);
  cluster.all_up();
  cluster.cut_power(kSv1);
  cluster.connect({nodes({2})}, false);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
  cluster.confirm_down_alone(kSv2, kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  const std::string id = cluster.request(kSv2, SetLocked{true});
  cluster.run();
  EXPECT_TRUE(succeeded(cluster, id));
  // The other and the witness are back, but do not reach this one.
  cluster.boot(kSv1);
  cluster.connect({nodes({1}), nodes({2})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv1).may_decide()) << "it knows that it may lack news";
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv1).state().durable.intent.locked);
}

// --- changes

TEST_F(Story, a_change_is_acknowledged_only_when_it_is_on_every_disk) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.machine(kSv3).slow_disk = true;
  const std::string id = cluster.request(kSv1, StopGroup{kG1});
  cluster.run();
  EXPECT_FALSE(cluster.outcomes().contains(id));
  EXPECT_EQ(cluster.owners("g1"), nodes({1})) << "nothing is done before it is acknowledged";
  cluster.machine(kSv3).slow_disk = false;
  cluster.run();
  EXPECT_TRUE(succeeded(cluster, id));
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
}

TEST_F(Story, what_was_acknowledged_survives_the_power_cut_of_all) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  const std::string id = cluster.request(kSv2, StopGroup{kG1});
  cluster.run();
  ASSERT_TRUE(succeeded(cluster, id));
  for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.cut_power(node);
  cluster.all_up();
  EXPECT_FALSE(cluster.replica(kSv1).state().intent_of(kG1).run);
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
}

TEST_F(Story, a_change_that_meets_a_change_of_membership_is_to_be_asked_for_again) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.machine(kSv3).slow_disk = true;
  const std::string id = cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.cut_power(kSv3);
  cluster.run();
  EXPECT_THAT(error(cluster, id), HasSubstr("membership changed"));
}

TEST_F(Story, a_change_that_was_made_all_the_same_is_not_made_twice) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.machine(kSv3).slow_disk = true;
  const MoveGroup move{kG1, kSv3};
  const std::string id = cluster.request(kSv1, move);
  cluster.run();
  cluster.cut_power(kSv3);
  cluster.run();
  ASSERT_THAT(error(cluster, id), HasSubstr("membership changed"));
  const uint64_t version = cluster.replica(kSv1).state().durable.version;
  cluster.ask_again(kSv1, id, move);
  cluster.run();
  EXPECT_TRUE(succeeded(cluster, id))
      << "it is on the disks, whatever could be said against it now";
  EXPECT_EQ(cluster.replica(kSv1).state().durable.version, version);
}

TEST_F(Story, a_side_without_the_right_to_decide_accepts_no_change_and_says_who_is_missing) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.connect({nodes({1, 2}), nodes({3})});
  cluster.run();
  const std::string id = cluster.request(kSv3, SetLocked{true});
  EXPECT_THAT(error(cluster, id), HasSubstr("(not here: sv1 sv2)"));
}

TEST_F(Story, what_cannot_be_is_refused_with_what_to_do) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  EXPECT_THAT(error(cluster, cluster.request(kSv1, StopGroup{GroupName{"g9"}})),
              HasSubstr("there is no group \"g9\""));
  const std::string aside = cluster.request(kSv1, SetNodeStandby{kSv2, true});
  cluster.run();
  ASSERT_TRUE(succeeded(cluster, aside));
  EXPECT_THAT(error(cluster, cluster.request(kSv1, MoveGroup{kG1, kSv2})),
              HasSubstr("say first: tasuki node resume sv2"));
}

// --- owned twice

TEST_F(Story, what_two_nodes_had_stays_down_over_every_restart_until_somebody_says_retry) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.machine(kSv1).hung = true;  // it goes on with what it has
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  cluster.request(kSv2, ConfirmNodeDown{kSv1});
  cluster.run();
  ASSERT_TRUE(cluster.owners("g1").contains(kSv2));
  ASSERT_TRUE(cluster.owners("g1").contains(kSv1)) << "the word was false";
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  const auto conflict = cluster.group(kSv2, "g1").conflict;
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->first, kSv1);
  EXPECT_EQ(conflict->second, kSv2);
  EXPECT_EQ(conflict->proof, LetGo::confirmed);
  EXPECT_TRUE(conflict->both_up);

  for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.cut_power(node);
  cluster.machine(kSv1).hung = false;
  cluster.all_up();
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
  EXPECT_EQ(cluster.group(kSv3, "g1").conflict, conflict);
  cluster.request(kSv3, RetryGroup{kG1});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.cut_power(node);
  cluster.all_up();
  EXPECT_EQ(cluster.owners("g1"), nodes({1})) << "it was settled";
}

TEST_F(Story,
       a_word_about_a_node_that_was_not_down_is_told_when_it_is_back_and_until_somebody_looked) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  cluster.request(kSv2, ConfirmNodeDown{kSv1});
  cluster.run();
  ASSERT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2})) << "it goes on";
  const auto conflict = cluster.group(kSv3, "g1").conflict;
  ASSERT_TRUE(conflict);
  EXPECT_FALSE(conflict->both_up);
  EXPECT_TRUE(cluster.told("sv1 came back without having been off, so both may have written"));

  for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.cut_power(node);
  cluster.all_up();
  EXPECT_EQ(cluster.group(kSv3, "g1").conflict, conflict);
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  cluster.request(kSv1, RetryGroup{kG1});
  cluster.run();
  EXPECT_FALSE(cluster.group(kSv3, "g1").conflict);
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
}

TEST_F(Story, a_word_about_a_node_that_was_down_is_forgotten_when_it_is_back) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.cut_power(kSv1);
  cluster.run();
  cluster.request(kSv2, ConfirmNodeDown{kSv1});
  cluster.run();
  ASSERT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.all_up();
  EXPECT_FALSE(cluster.group(kSv3, "g1").conflict);
  EXPECT_TRUE(cluster.replica(kSv3).state().durable.vouched.empty());
}

TEST_F(Story, a_word_about_a_node_whose_groups_nobody_began_since_did_no_harm) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  cluster.request(kSv2, ConfirmNodeDown{kSv1});
  cluster.run();
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.group(kSv3, "g1").conflict);
}

// --- losses

TEST_F(Story, a_lost_holder_is_followed_only_after_a_proof) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({})) << "the lost side stopped it, which nobody can know";
  const std::string id = cluster.request(kSv2, ConfirmNodeDown{kSv1});
  cluster.run();
  ASSERT_TRUE(succeeded(cluster, id));
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
}

TEST_F(Story, the_power_switch_is_such_a_proof) {
  Config config = make_config(3, 1);
  for (Node& node : config.nodes) node.fence.push_back({"fence_lab", {}, 20s});
  Cluster cluster(config);
  cluster.set_fencing_works(true);
  cluster.all_up();
  cluster.cut_power(kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  EXPECT_EQ(cluster.group(kSv2, "g1").previous, kSv1);
  EXPECT_EQ(cluster.replica(kSv2).state().let_go(kSv1), LetGo::power_off);
}

TEST_F(Story, the_end_of_a_lease_is_one_only_where_a_lease_counts) {
  for (const bool counts : {true, false}) {
    SCOPED_TRACE(counts);
    Cluster cluster(make_config(3, 1));
    for (auto& [node, machine] : cluster.machines()) machine.lease_counts = counts;
    cluster.all_up();
    cluster.cut_power(kSv1);
    cluster.run();
    cluster.expire(kSv2, "lease/");
    cluster.run();
    EXPECT_EQ(cluster.owners("g1"), counts ? nodes({2}) : nodes({}));
  }
}

TEST_F(Story, the_word_of_a_lost_node_that_it_let_go_is_a_proof_while_it_is_in_no_newer_epoch) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  const auto cut_off = [&] {
    cluster.connect({nodes({2, 3}), nodes({1})});
    cluster.run();
    cluster.lease_runs_out(kSv1);
    cluster.run();
    return cluster.replica(kSv1).ended_epoch();
  };
  const auto word = cut_off();
  ASSERT_TRUE(word);
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
  cluster.say(kSv2, Released{kSv1, *word - 1});
  cluster.run();
  EXPECT_EQ(cluster.replica(kSv2).state().let_go(kSv1), LetGo::unproven);
  cluster.say(kSv2, Released{kSv1, *word});
  cluster.run();
  EXPECT_EQ(cluster.replica(kSv3).state().let_go(kSv1), LetGo::released);
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));

  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv1).ended_epoch()) << "it may be told to start something";
  ASSERT_TRUE(cut_off());
  EXPECT_FALSE(cluster.replica(kSv2).is_news({kSv1, *word})) << "it was in a newer epoch since";
}

TEST_F(Story, one_that_oversleeps_before_all_agreed_takes_back_that_it_is_current) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  Replica& replica = cluster.replica(kSv1);
  Ready ready = replica.membership_changed({"another ring", replica.view()});
  ASSERT_FALSE(ready.send.empty());
  EXPECT_TRUE(std::get<Hello>(ready.send.back()).current);
  replica.overslept();
  ready = replica.written(0);
  ASSERT_FALSE(ready.send.empty());
  EXPECT_FALSE(std::get<Hello>(ready.send.back()).current);
}

TEST_F(Story, two_that_lose_each_other_decide_by_the_fence) {
  Cluster cluster = fenced_pair();
  cluster.all_up();
  cluster.connect({nodes({1}), nodes({2})});
  while (cluster.step()) ASSERT_EQ(cluster.violation(), "");
  const bool first_is_on = cluster.machine(kSv1).on;
  EXPECT_NE(first_is_on, cluster.machine(kSv2).on) << "one is off, and only one";
  EXPECT_EQ(cluster.owners("g1"), first_is_on ? nodes({1}) : nodes({2}));
  EXPECT_EQ(cluster.violation(), "");
}

TEST_F(Story, one_of_two_that_was_off_does_not_trust_its_old_proof) {
  Cluster cluster = fenced_pair();
  cluster.all_up();
  cluster.cut_power(kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.cut_power(kSv2);
  cluster.boot(kSv1);
  cluster.run();
  cluster.confirm_down_alone(kSv1, kSv2);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  // Its disk says that sv1 was switched off; but that was before it was off itself.
  cluster.boot(kSv2);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  EXPECT_EQ(cluster.violation(), "");
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
}

TEST_F(Story, one_that_could_not_write_the_newest_epoch_is_waited_for) {
  Config config = make_config(2, 1);
  config.witness = Witness{"10.0.0.9"};
  Cluster cluster(config);
  cluster.all_up();
  cluster.connect({nodes({2}), nodes({1})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv2).may_decide());
  cluster.machine(kSv2).slow_disk = true;
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv1).may_decide());
  // On its disk sv2 still decides alone; whatever sv1 acknowledged now, sv2 would not know of.
  cluster.connect({nodes({1}), nodes({2})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv1).may_decide());
  EXPECT_THAT(cluster.replica(kSv1).obstacle(), HasSubstr("may not know the newest state"));
}

TEST_F(Story, of_two_without_a_switch_none_takes_over_by_itself) {
  Cluster cluster(make_config(2, 1));
  cluster.all_up();
  cluster.cut_power(kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
  cluster.confirm_down_alone(kSv2, kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
}

TEST_F(Story, one_that_leaves_hands_over_and_is_waited_for_by_nobody) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.say(kSv1, Leaving{});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.say(kSv1, Goodbye{});
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.run();
  EXPECT_EQ(cluster.replica(kSv2).state().let_go(kSv1), LetGo::left);
}

TEST_F(Story, a_tasukid_that_comes_back_finds_its_groups_undisturbed) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  const uint64_t ticket = cluster.group(kSv1, "g1").ticket;
  cluster.kill_tasukid(kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  cluster.start_tasukid(kSv1);
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
  EXPECT_EQ(cluster.group(kSv2, "g1").ticket, ticket);
}

TEST_F(Story, scripts_on_the_active_node_are_told_when_a_lost_node_is_back) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  EXPECT_EQ(cluster.group(kSv1, "g1").recover_count, 0U);
  cluster.cut_power(kSv3);
  cluster.run();
  cluster.all_up();
  EXPECT_EQ(cluster.group(kSv1, "g1").recover_count, 1U);
}

// --- stale nodes

TEST_F(Story, a_side_that_lost_the_right_marks_itself_stale_and_gets_the_news_when_it_is_back) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.connect({nodes({1, 2}), nodes({3})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv3).stale());
  cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv3).stale());
  EXPECT_TRUE(cluster.replica(kSv3).state().durable.intent.locked);
}

// Of sv1 and sv3, which went on without sv2, sv1 is away and sv3 has a new disk.
TEST_F(Story, one_that_forgot_what_it_decided_does_not_count_with_one_that_never_knew) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.cut_power(kSv2);
  cluster.run();
  cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.cut_power(kSv3);
  cluster.machine(kSv3).disk.clear();
  cluster.boot(kSv2);
  cluster.boot(kSv3);
  cluster.connect({nodes({2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv2).may_decide());
  EXPECT_THAT(cluster.replica(kSv2).obstacle(), HasSubstr("waiting for sv1"));
  // What it was told by sv2 since is not what it forgot.
  cluster.cut_power(kSv3);
  cluster.run();
  cluster.boot(kSv3);
  cluster.connect({nodes({2, 3})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv3).may_decide());

  cluster.boot(kSv1);
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv3).state().durable.intent.locked);
  // From then on it remembers as all others do.
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv3).may_decide());
  cluster.cut_power(kSv2);
  cluster.cut_power(kSv3);
  cluster.boot(kSv2);
  cluster.boot(kSv3);
  cluster.connect({nodes({2, 3}), nodes({1})});
  cluster.run();
  EXPECT_TRUE(cluster.replica(kSv3).may_decide());
}

TEST_F(Story, of_two_with_a_witness_the_stale_one_waits_for_the_one_that_knows_more) {
  Config config = make_config(2, 1);
  config.witness = Witness{"10.0.0.9"};
  Cluster cluster(config);
  cluster.all_up();
  cluster.cut_power(kSv2);
  cluster.run();
  const std::string id = cluster.request(kSv1, StopGroup{kG1});
  cluster.run();
  ASSERT_TRUE(succeeded(cluster, id)) << error(cluster, id);
  cluster.cut_power(kSv1);

  cluster.boot(kSv2);
  cluster.connect({nodes({2})});
  cluster.run();
  EXPECT_FALSE(cluster.replica(kSv2).may_decide()) << "it knows nothing of that change";
  EXPECT_THAT(cluster.replica(kSv2).obstacle(), HasSubstr("may not know the newest state"));
  EXPECT_EQ(cluster.owners("g1"), nodes({}));

  cluster.all_up();
  EXPECT_FALSE(cluster.replica(kSv2).state().intent_of(kG1).run);
}

// --- failures and timers

TEST_F(Story, a_group_that_fails_goes_to_the_next_node_and_rests_when_all_have_failed) {
  Cluster cluster(make_config(3, 1));
  for (const NodeId node : {kSv1, kSv2}) cluster.machine(node).fails_starts = true;
  cluster.all_up();
  EXPECT_EQ(cluster.owners("g1"), nodes({3}));
  cluster.report_failure(kSv3, "g1", "it died");
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({}));
  EXPECT_TRUE(cluster.group(kSv1, "g1").failed);
  EXPECT_THAT(cluster.group(kSv1, "g1").reason, HasSubstr("sv3: it died"));

  for (auto& [node, machine] : cluster.machines()) machine.fails_starts = false;
  cluster.request(kSv2, RetryGroup{kG1});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));
}

TEST_F(Story, a_failure_expires) {
  Cluster cluster(make_config(3, 1));
  cluster.machine(kSv1).fails_starts = true;
  cluster.all_up();
  ASSERT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.expire(kSv1, "failure/");
  cluster.run();
  EXPECT_TRUE(cluster.group(kSv2, "g1").failures.empty());
}

TEST_F(Story, an_automatic_failback_comes_after_its_time_and_never_while_locked) {
  Config config = make_config(3, 1);
  config.groups.front().failback = Failback::automatic;
  Cluster cluster(config);
  cluster.all_up();
  cluster.request(kSv1, MoveGroup{kG1, kSv2});
  cluster.run();
  ASSERT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.expire(kSv2, "failback/");
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({1}));

  cluster.request(kSv1, MoveGroup{kG1, kSv2});
  cluster.request(kSv1, SetLocked{true});
  cluster.run();
  cluster.expire(kSv2, "failback/");
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
}

}  // namespace
}  // namespace tasuki::test
