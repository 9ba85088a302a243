#include "cluster/executor/script_environment.hpp"

#include <gtest/gtest.h>

namespace tasuki::executor {
namespace {

core::Config two_nodes() {
  core::Config config;
  for (uint32_t id = 1; id <= 2; ++id) {
    core::Node node;
    node.id = core::NodeId{id};
    node.name = "sv" + std::to_string(id);
    config.nodes.push_back(node);
  }
  core::Group group;
  group.name = core::GroupName{"office"};
  group.policy = {core::NodeId{1}, core::NodeId{2}};
  config.groups.push_back(group);
  return config;
}

const GroupSpec kOffice{core::GroupName{"office"}, {{"MOOD", "calm"}}, {}};

TEST(ScriptEnvironment, of_a_takeover_on_the_second_node) {
  Order order;
  order.up = true;
  order.previous = core::NodeId{1};
  order.factor = "GROUPSTOP";
  auto seen = script_environment(two_nodes(), kOffice, order, core::NodeId{2},
                                 core::Event::failover, Disk::failure, "");
  EXPECT_EQ(seen["ARMS_EVENT"], "FAILOVER");
  EXPECT_EQ(seen["ARMS_DISK"], "FAILURE");
  EXPECT_EQ(seen["ARMS_SERVER"], "OTHER");
  EXPECT_EQ(seen["CLP_EVENT"], "FAILOVER");
  EXPECT_EQ(seen["CLP_DISK"], "FAILURE");
  EXPECT_EQ(seen["CLP_SERVER"], "OTHER");
  EXPECT_EQ(seen["CLP_GROUPNAME"], "office");
  EXPECT_EQ(seen["CLP_PRIORITY"], "2");
  EXPECT_EQ(seen["CLP_SERVER_PREV"], "sv1");
  EXPECT_EQ(seen["CLP_FACTOR"], "") << "a start has none";
  EXPECT_EQ(seen["MOOD"], "calm");
}

TEST(ScriptEnvironment, of_a_stop_at_home_says_why) {
  Order order;
  order.factor = "GROUPFAILOVER";
  auto seen = script_environment(two_nodes(), kOffice, order, core::NodeId{1}, core::Event::start,
                                 Disk::success, "");
  EXPECT_EQ(seen["ARMS_SERVER"], "HOME");
  EXPECT_EQ(seen["CLP_FACTOR"], "GROUPFAILOVER");
  EXPECT_EQ(seen["CLP_SERVER_PREV"], "");
}

TEST(ScriptEnvironment, finds_the_groups_commands_before_all_others_and_drives) {
  core::Config config = two_nodes();
  config.groups.front().commands = {"/opt/office/bin"};
  GroupSpec spec = kOffice;
  const auto path = [&] {
    return script_environment(config, spec, {}, core::NodeId{1}, core::Event::start, Disk::success,
                              "/usr/lib/tasuki")["PATH"];
  };
  EXPECT_TRUE(path().starts_with("/opt/office/bin:/usr/lib/tasuki:/usr/local/sbin:")) << path();
  config.drives['z'] = "/srv";
  config.drives['y'] = "/mnt/data";
  const auto seen =
      script_environment(config, spec, {}, core::NodeId{1}, core::Event::start, Disk::success, "");
  EXPECT_EQ(seen.at("TASUKI_DRIVES"), "y=/mnt/data;z=/srv");
  spec.environment["PATH"] = "/mine";
  EXPECT_EQ(path(), "/opt/office/bin:/usr/lib/tasuki:/mine");
}

}  // namespace
}  // namespace tasuki::executor
