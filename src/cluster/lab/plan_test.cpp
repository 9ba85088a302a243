// What a lab is planned to be, for configurations that people write.
#include "cluster/lab/plan.hpp"

#include <gmock/gmock.h>

namespace tasuki::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

core::Node node(uint32_t id, std::string name, std::vector<std::string> addresses) {
  core::Node result;
  result.id = core::NodeId(id);
  result.name = std::move(name);
  result.addresses = std::move(addresses);
  return result;
}

core::Config two_nodes() {
  core::Config config;
  config.cluster_name = "office";
  config.nodes = {node(1, "sv1", {"10.77.0.1", "10.78.0.1"}),
                  node(2, "sv2", {"10.77.0.2", "10.78.0.2"})};
  return config;
}

void add_resource(core::Config& config, auto what) {
  core::Resource resource;
  resource.what = std::move(what);
  core::Group group;
  group.resources.push_back(std::move(resource));
  config.groups.push_back(std::move(group));
}

core::Partition partition(std::string device) {
  return {.device = std::move(device), .mount_point = "/data", .filesystem = "ext4", .options = ""};
}

Result<Plan> planned(const core::Config& config, std::optional<std::string> client = {}) {
  return plan_lab(config, {"/opt/bin", std::move(client)});
}

std::vector<std::string> program_names(const Host& host) {
  std::vector<std::string> names;
  for (const auto& program : host.programs) names.push_back(program.name);
  return names;
}

TEST(LabPlan, GivesEveryNodeAnInterfaceOnEachLink) {
  const auto plan = planned(two_nodes());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->links, 2U);
  EXPECT_THAT(plan->hosts[0].interfaces,
              ElementsAre(Interface{0, "10.77.0.1", 24}, Interface{1, "10.78.0.1", 24}));
}

TEST(LabPlan, StartsTheKeeperFirstAndEndsTheNodeWithIt) {
  const auto plan = planned(two_nodes());
  ASSERT_TRUE(plan);
  EXPECT_THAT(program_names(plan->hosts[0]), ElementsAre("tasuki-keeper", "corosync", "tasukid"));
  EXPECT_THAT(
      plan->hosts[0].programs[0].command,
      ElementsAre("/opt/bin/tasuki-keeper", "--reset", "simulated:/run/tasuki-lab/watchdog.sock"));
  EXPECT_TRUE(plan->hosts[0].programs[0].ends_host);
  EXPECT_FALSE(plan->hosts[0].programs[2].ends_host);
}

TEST(LabPlan, RunsASingleNodeWithoutAnEngine) {
  auto config = two_nodes();
  config.nodes.pop_back();
  const auto plan = planned(config);
  ASSERT_TRUE(plan);
  EXPECT_THAT(program_names(plan->hosts[0]), ElementsAre("tasuki-keeper", "tasukid"));
  EXPECT_FALSE(plan->corosync);
}

TEST(LabPlan, GivesTheClientTheFirstFreeAddressOnEveryLink) {
  auto config = two_nodes();
  add_resource(config, core::FloatingIp{.address = "10.77.0.200", .prefix = 0, .interface = ""});
  const auto plan = planned(config);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->hosts[2].name, "client");
  EXPECT_THAT(plan->hosts[2].interfaces,
              ElementsAre(Interface{0, "10.77.0.201", 24}, Interface{1, "10.78.0.200", 24}));
}

TEST(LabPlan, GivesTheClientAnAddressWrittenAlikeInIpv6) {
  auto config = two_nodes();
  config.nodes = {node(1, "sv1", {"fd00:77::1"}), node(2, "sv2", {"fd00:77::2"})};
  const auto plan = planned(config);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->hosts[2].interfaces, ElementsAre(Interface{0, "fd00:77::200", 64}));
}

TEST(LabPlan, RefusesAClientAddressThatIsTakenOrElsewhere) {
  EXPECT_THAT(planned(two_nodes(), "10.77.0.2").error().what, HasSubstr("is taken"));
  EXPECT_THAT(planned(two_nodes(), "10.79.0.2").error().what, HasSubstr("network of 10.77.0.1"));
}

TEST(LabPlan, PutsTheWitnessOnTheLinkItsAddressLiesIn) {
  auto config = two_nodes();
  config.witness = core::Witness{.address = "10.78.0.9", .port = 5403, .tls = false};
  const auto plan = planned(config);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->hosts[3].interfaces, ElementsAre(Interface{1, "10.78.0.9", 24}));
  EXPECT_THAT(program_names(plan->hosts[0]),
              ElementsAre("tasuki-keeper", "corosync", "corosync-qdevice", "tasukid"));
}

TEST(LabPlan, RunsAQnetdWithTlsWhereTheServersAskForIt) {
  auto config = two_nodes();
  config.witness = core::Witness{.address = "10.77.0.9", .port = 5403, .tls = true};
  EXPECT_THAT(planned(config)->hosts[3].programs[0].command,
              ElementsAre("corosync-qnetd", "-f", "-s", "req", "-p", "5403"));
  config.witness->tls = false;
  EXPECT_THAT(planned(config)->hosts[3].programs[0].command,
              ElementsAre("corosync-qnetd", "-f", "-s", "off", "-p", "5403"));
}

TEST(LabPlan, RefusesAWitnessItCannotImitate) {
  auto config = two_nodes();
  config.witness = core::Witness{.address = "192.0.2.9", .port = 5403, .tls = false};
  EXPECT_THAT(planned(config).error().what, HasSubstr("no routers"));
}

TEST(LabPlan, MakesOneDiskForEachDevice) {
  auto config = two_nodes();
  add_resource(config, partition("/dev/sdb1"));
  add_resource(config, partition("/dev/disk/by-label/data"));
  add_resource(config, partition("/dev/sdb1"));
  const auto plan = planned(config);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->disks,
              ElementsAre(Disk{"/dev/sdb1", "ext4", "sdb1.img"},
                          Disk{"/dev/disk/by-label/data", "ext4", "disk_by-label_data.img"}));
}

TEST(LabPlan, RefusesDevicesItCannotMake) {
  auto config = two_nodes();
  add_resource(config, partition("/srv/image"));
  EXPECT_THAT(planned(config).error().what, HasSubstr("below /dev"));
}

TEST(LabPlan, RefusesANodeNamedLikeAHostOfItsOwn) {
  auto config = two_nodes();
  config.nodes[1].name = "client";
  EXPECT_THAT(planned(config).error().what, HasSubstr("rename the node"));
}

}  // namespace
}  // namespace tasuki::lab
