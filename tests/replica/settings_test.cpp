// How settings follow their groups, story by story, on the cluster in memory.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/replica/cluster.hpp"

namespace tasuki::test {
namespace {

using settings::Verdict;
using testing::HasSubstr;
using testing::Not;

const NodeId kSv1{1};
const NodeId kSv2{2};
const NodeId kSv3{3};
const GroupName kG1{"g1"};

struct SettingsStory : testing::Test {
  static Cluster pair_with_witness() {
    Config config = make_config(2, 1);
    config.witness = Witness{"10.0.0.9"};
    return Cluster(config);
  }
};

TEST_F(SettingsStory, a_change_on_the_active_node_is_on_every_disk_before_it_is_acknowledged) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.machine(kSv3).slow_disk = true;
  const uint64_t asked = cluster.put(kSv1, "g1", "URLPREFIX", "/office");
  cluster.run();
  EXPECT_EQ(cluster.verdict(asked), std::nullopt);
  cluster.machine(kSv3).slow_disk = false;
  cluster.run();
  EXPECT_EQ(cluster.verdict(asked), Verdict::made);
  for (const NodeId node : {kSv1, kSv2, kSv3})
    EXPECT_EQ(cluster.setting(node, "g1", "URLPREFIX"), "/office");
}

TEST_F(SettingsStory, a_change_on_a_standby_is_refused) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  const uint64_t asked = cluster.put(kSv2, "g1", "URLPREFIX", "/office");
  cluster.run();
  EXPECT_EQ(cluster.verdict(asked), Verdict::elsewhere);
  EXPECT_EQ(cluster.setting(kSv1, "g1", "URLPREFIX"), "(none)");
}

TEST_F(SettingsStory, the_next_owner_starts_with_what_was_acknowledged) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.put(kSv1, "g1", "URLPREFIX", "/office");
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.run();
  cluster.expire(kSv2, "lease");
  cluster.confirm_down_alone(kSv2, kSv1);
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv2, "g1", "URLPREFIX"), "/office");
  EXPECT_TRUE(cluster.replica(kSv2).state().has_settings(kG1, kSv2));
  EXPECT_FALSE(cluster.replica(kSv2).state().has_settings(kG1, kSv1));
}

TEST_F(SettingsStory, a_standby_that_was_away_gets_what_differs) {
  Cluster cluster = pair_with_witness();
  cluster.all_up();
  for (int i = 0; i < 100; ++i) cluster.put(kSv1, "g1", fmt::format("old {}", i), "as it was");
  cluster.run();
  cluster.cut_power(kSv2);
  cluster.run();
  cluster.put(kSv1, "g1", "old 7", "new");
  cluster.erase(kSv1, "g1", "old 8");
  cluster.run();
  cluster.boot(kSv2);
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv2, "g1", "old 7"), "new");
  EXPECT_EQ(cluster.setting(kSv2, "g1", "old 8"), "(none)");
  EXPECT_EQ(cluster.follower(kSv2, "g1").stand(), cluster.follower(kSv1, "g1").stand());
  EXPECT_TRUE(cluster.follower(kSv2, "g1").has_all());
}

// Point 5 of the design: node 2 is away, node 1 changes and dies, node 2 comes back to the witness.
TEST_F(SettingsStory, one_that_was_away_starts_nothing_before_it_has_what_it_missed) {
  Cluster cluster = pair_with_witness();
  cluster.all_up();
  cluster.cut_power(kSv2);
  cluster.run();
  cluster.put(kSv1, "g1", "URLPREFIX", "/new");
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.boot(kSv2);
  cluster.connect({nodes({2})});
  cluster.run();
  EXPECT_TRUE(cluster.owners("g1").empty());
  cluster.boot(kSv1);
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv2, "g1", "URLPREFIX"), "/new");
  EXPECT_FALSE(cluster.owners("g1").empty());
}

// It is a member already, but has not caught up.
TEST_F(SettingsStory, one_that_is_just_catching_up_takes_over_only_by_an_administrators_word) {
  Cluster cluster = pair_with_witness();
  cluster.all_up();
  cluster.put(kSv1, "g1", "URLPREFIX", "/old");
  cluster.run();
  cluster.cut_power(kSv2);
  cluster.run();
  cluster.put(kSv1, "g1", "URLPREFIX", "/new");
  cluster.run();
  cluster.boot(kSv2);
  cluster.machine(kSv2).slow_settings = true;
  cluster.connect({nodes({1, 2})});
  cluster.run();
  ASSERT_FALSE(cluster.replica(kSv1).state().has_settings(kG1, kSv2));
  cluster.cut_power(kSv1);
  cluster.connect({nodes({2})});
  cluster.run();
  cluster.confirm_down_alone(kSv2, kSv1);
  cluster.run();
  EXPECT_TRUE(cluster.owners("g1").empty());
  EXPECT_THAT(cluster.group(kSv2, "g1").reason, HasSubstr("accept-settings g1"));

  cluster.request(kSv2, AcceptSettings{kG1, kSv2});
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.boot(kSv1);
  cluster.connect({nodes({1, 2})});
  cluster.machine(kSv2).slow_settings = false;
  cluster.run();
  EXPECT_EQ(cluster.follower(kSv1, "g1").stand(), cluster.follower(kSv2, "g1").stand());
}

TEST_F(SettingsStory, whoever_gives_up_the_last_changes_of_a_node_gives_up_its_settings) {
  Cluster cluster = pair_with_witness();
  cluster.all_up();
  cluster.put(kSv1, "g1", "URLPREFIX", "/old");
  cluster.run();
  cluster.cut_power(kSv2);
  cluster.run();
  cluster.put(kSv1, "g1", "URLPREFIX", "/new");
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.boot(kSv2);
  cluster.connect({nodes({2})});
  cluster.run();
  cluster.confirm_down_alone(kSv2, kSv1);
  cluster.run();
  EXPECT_EQ(cluster.owners("g1"), nodes({2}));
  cluster.boot(kSv1);
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv1, "g1", "URLPREFIX"), "/old");
  EXPECT_EQ(cluster.follower(kSv1, "g1").stand(), cluster.follower(kSv2, "g1").stand());
}

TEST_F(SettingsStory, what_was_damaged_is_fetched_again) {
  Cluster cluster(make_config(3, 1));
  cluster.all_up();
  cluster.put(kSv1, "g1", "URLPREFIX", "/office");
  cluster.put(kSv1, "g1", "CLUSTER", "yes");
  cluster.run();
  cluster.cut_power(kSv2);
  cluster.run();
  std::string& file = cluster.machine(kSv2).settings_file;
  file[file.size() / 2] = static_cast<char>(file[file.size() / 2] ^ 1);
  cluster.boot(kSv2);
  cluster.connect({nodes({1, 2, 3})});
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv2, "g1", "URLPREFIX"), "/office");
  EXPECT_EQ(cluster.setting(kSv2, "g1", "CLUSTER"), "yes");
}

// Whatever bit turned while both were off, and whichever of them was off first.
TEST_F(SettingsStory, what_one_of_two_disks_lost_last_the_other_gives_back) {
  for (const NodeId damaged : {kSv1, kSv2}) {
    Cluster cluster = pair_with_witness();
    cluster.all_up();
    cluster.put(kSv1, "g1", "URLPREFIX", "/office");
    cluster.put(kSv1, "g1", "CLUSTER", "yes");
    cluster.run();
    cluster.cut_power(kSv1);
    cluster.run();
    cluster.cut_power(kSv2);
    cluster.machine(damaged).settings_file.back() ^= 1;
    cluster.boot(kSv1);
    cluster.boot(kSv2);
    cluster.connect({nodes({1, 2})});
    cluster.run();
    EXPECT_EQ(cluster.setting(kSv1, "g1", "CLUSTER"), "yes");
    EXPECT_EQ(cluster.setting(kSv2, "g1", "CLUSTER"), "yes");
    EXPECT_FALSE(cluster.owners("g1").empty());
  }
}

// What their disks lost the one that is away may have acknowledged.
TEST_F(SettingsStory, those_whose_disks_lost_something_wait_for_one_that_is_away) {
  for (const bool at_the_end : {true, false}) {
    Cluster cluster(make_config(3, 1));
    cluster.all_up();
    cluster.put(kSv1, "g1", "URLPREFIX", "/office");
    cluster.put(kSv1, "g1", "CLUSTER", "yes");
    cluster.run();
    for (const NodeId node : {kSv1, kSv2, kSv3}) cluster.cut_power(node);
    for (const NodeId node : {kSv1, kSv3}) {
      std::string& file = cluster.machine(node).settings_file;
      file[at_the_end ? file.size() - 1 : file.size() / 2] ^= 1;
      cluster.boot(node);
    }
    cluster.connect({nodes({1, 3})});
    cluster.run();
    ASSERT_TRUE(cluster.replica(kSv1).may_decide());
    cluster.request(kSv1, ConfirmNodeDown{kSv2});
    cluster.run();
    EXPECT_TRUE(cluster.owners("g1").empty());
    EXPECT_FALSE(cluster.follower(kSv1, "g1").has_all());
    EXPECT_THAT(cluster.group(kSv1, "g1").reason, HasSubstr("lacks settings of it, which sv2 has"));
    cluster.boot(kSv2);
    cluster.connect({nodes({1, 2, 3})});
    cluster.run();
    EXPECT_FALSE(cluster.owners("g1").empty());
    EXPECT_EQ(cluster.setting(kSv1, "g1", "CLUSTER"), "yes");
  }
}

TEST_F(SettingsStory, where_every_disk_was_damaged_an_administrator_says_which_counts) {
  Cluster cluster = pair_with_witness();
  cluster.all_up();
  cluster.put(kSv1, "g1", "URLPREFIX", "/office");
  cluster.put(kSv1, "g1", "CLUSTER", "yes");
  cluster.run();
  cluster.cut_power(kSv1);
  cluster.cut_power(kSv2);
  for (const NodeId node : {kSv1, kSv2}) {
    std::string& file = cluster.machine(node).settings_file;
    file[file.size() / 2] ^= 1;
    cluster.boot(node);
  }
  cluster.connect({nodes({1, 2})});
  cluster.run();
  EXPECT_TRUE(cluster.owners("g1").empty());
  EXPECT_THAT(cluster.group(kSv1, "g1").reason, HasSubstr("no server is known to have them all"));
  cluster.request(kSv1, AcceptSettings{GroupName{"g1"}, kSv2});
  cluster.run();
  EXPECT_FALSE(cluster.owners("g1").empty());
}

TEST_F(SettingsStory, a_node_that_is_removed_keeps_nothing_of_what_followed_groups) {
  Config config = make_config(3, 1);
  Cluster cluster(config);
  cluster.all_up();
  cluster.put(kSv1, "g1", "PASSWORD", "of the database");
  cluster.put(kSv3, "", "OWN", "stays");
  cluster.run();
  ASSERT_THAT(cluster.machine(kSv3).settings_file, HasSubstr("of the database"));
  config.nodes.pop_back();
  config.groups.front().policy.pop_back();
  cluster.apply_config(kSv1, config, "without sv3");
  cluster.run();
  EXPECT_THAT(cluster.machine(kSv3).settings_file, Not(HasSubstr("of the database")));
  EXPECT_EQ(cluster.setting(kSv3, "", "OWN"), "stays");
  EXPECT_EQ(cluster.setting(kSv2, "g1", "PASSWORD"), "of the database");
}

TEST_F(SettingsStory, what_begins_to_follow_is_taken_from_the_active_node) {
  Config config = make_config(2, 1);
  config.groups.front().registry.clear();
  Cluster cluster(config);
  cluster.all_up();
  cluster.put(kSv1, "", "URLPREFIX", "/one");
  cluster.put(kSv2, "", "URLPREFIX", "/two");
  cluster.run();
  config.groups.front().registry = {""};
  cluster.apply_config(kSv2, config, "with settings");
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv1, "g1", "URLPREFIX"), "(none)");
  EXPECT_EQ(*cluster.follower(kSv2, "g1").content().find("\x01URLPREFIX"), "/one");
  // And stays where it is when it no longer follows.
  config.groups.front().registry.clear();
  cluster.apply_config(kSv2, config, "without");
  cluster.run();
  EXPECT_EQ(cluster.setting(kSv1, "", "URLPREFIX"), "/one");
  EXPECT_EQ(cluster.setting(kSv2, "", "URLPREFIX"), "/one");
}

}  // namespace
}  // namespace tasuki::test
