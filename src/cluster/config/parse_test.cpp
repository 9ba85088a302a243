// What a correct file comes to mean.
#include "cluster/config/parse.hpp"

#include <csignal>
#include <random>

#include <gmock/gmock.h>

namespace tasuki::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::string_view kOffice = R"(
[cluster]
name = "office"
[timing]
detect = "800ms"
[witness]
address = "192.168.10.9"
tls = false
[[node]]
name = "sv2"
id = 2
addresses = ["192.168.10.2", "10.0.0.2"]
[[node]]
name = "sv1"
id = 1
addresses = ["192.168.10.1", "10.0.0.1"]
machine = "virtual"
[[node.fence]]
agent = "fence_ipmilan"
limit = "40s"
options = { ip = "10.0.0.101", lanplus = true, cipher = 17 }
[[service]]
name = "postgres"
command = ["/usr/lib/postgresql/15/bin/postgres", "-D", "/mnt/data1/pg"]
user = "postgres"
stop_signal = "INT"
stop_limit = "1m"
ready = { tcp = 5432 }
[[service]]
name = "web"
display_name = "Web"
command = ["/usr/sbin/nginx"]
user = "www-data"
ready = { tcp = "[::1]:80" }
[[group]]
name = "group1"
policy = ["sv1", "sv2"]
failback = "automatic"
services = ["web"]
environment = { A = "b", N = 1 }
[[group.partition]]
device = "/dev/sdb1"
mount_point = "/mnt/data1"
filesystem = "ext4"
options = "noatime"
[[group.floating_ip]]
name = "front"
address = "192.168.10.100"
prefix = 25
interface = "eth0"
after = ["web"]
[[group.service]]
service = "postgres"
restarts = 2
[group.scripts]
start = "/etc/tasuki/start.sh"
stop = "/etc/tasuki/stop.sh"
)";

core::Config parsed(std::string_view text) {
  const ParseOutcome outcome = parse_config(text, "office.toml");
  for (const auto& mistake : outcome.mistakes) ADD_FAILURE() << to_text(mistake);
  return outcome.config.value_or(core::Config());
}

std::vector<std::string> resource_names(const core::Group& group) {
  std::vector<std::string> names;
  for (const auto& resource : group.resources) names.push_back(resource.name.value);
  return names;
}

TEST(Parse, cluster_timing_witness_and_nodes_are_read_and_nodes_sorted_by_id) {
  const core::Config config = parsed(kOffice);
  EXPECT_EQ(config.cluster_name, "office");
  EXPECT_EQ(config.timing, (core::TimingSettings{800ms, 5s}));
  EXPECT_EQ(config.witness, (core::Witness{"192.168.10.9", 5403, false}));
  const core::FenceDevice fence{
      "fence_ipmilan", {{"cipher", "17"}, {"ip", "10.0.0.101"}, {"lanplus", "true"}}, 40s};
  EXPECT_THAT(
      config.nodes,
      ElementsAre(
          core::Node{core::NodeId(1),
                     "sv1",
                     {"192.168.10.1", "10.0.0.1"},
                     {fence},
                     core::Machine::virtual_machine},
          core::Node{
              core::NodeId(2), "sv2", {"192.168.10.2", "10.0.0.2"}, {}, core::Machine::detect}));
}

// One byte changed, taken out or put in, at a random place; mostly one that means something in
// TOML.
void mutate(std::string& text, std::mt19937& random) {
  constexpr std::string_view kBytes = "[]{}\"'=.,#\\\n\t -_:0a\xff\xc3\x01";
  const size_t place = random() % text.size();
  const char byte = kBytes[random() % kBytes.size()];
  switch (random() % 3) {
    case 0:
      text[place] = byte;
      break;
    case 1:
      text.erase(place, 1);
      break;
    default:
      text.insert(place, 1, byte);
  }
}

TEST(Parse, whatever_a_file_holds_it_is_a_configuration_or_has_mistakes) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    std::string text(kOffice);
    for (auto changes = random() % 3 + 1; changes > 0; --changes) mutate(text, random);
    const ParseOutcome outcome = parse_config(text, "office.toml");
    EXPECT_EQ(outcome.config.has_value(), outcome.mistakes.empty()) << seed << ":\n" << text;
  }
}

TEST(Parse, services_are_read_with_their_readiness_and_signal) {
  const core::Config config = parsed(kOffice);
  const core::Service& postgres = config.services.at(0);
  EXPECT_EQ(postgres.display_name, "postgres");
  EXPECT_EQ(postgres.working_directory, "/");
  EXPECT_EQ(postgres.stop_signal, SIGINT);
  EXPECT_EQ(postgres.ready, core::Readiness(core::ReadyWhenConnects{"", 5432}));
  EXPECT_EQ(config.services.at(1).ready, core::Readiness(core::ReadyWhenConnects{"::1", 80}));
}

TEST(Parse, a_unit_of_systemd_is_ready_when_systemd_says_so) {
  const core::Config config = parsed(R"([cluster]
name = "c"
[[node]]
name = "sv1"
id = 1
addresses = ["192.168.10.1"]
[[service]]
name = "db"
unit = "postgresql@15-main.service"
)");
  const core::Service& service = config.services.at(0);
  EXPECT_EQ(service.unit, "postgresql@15-main.service");
  EXPECT_EQ(service.user, "root");
  EXPECT_EQ(service.ready, core::Readiness(core::ReadyWhenNotified{}));
}

TEST(Parse, a_group_has_its_policy_by_ids_and_its_settings) {
  const core::Config config = parsed(kOffice);
  const core::Group& group = config.groups.at(0);
  EXPECT_THAT(group.policy, ElementsAre(core::NodeId(1), core::NodeId(2)));
  EXPECT_EQ(group.failback, core::Failback::automatic);
  EXPECT_THAT(group.environment, ElementsAre(testing::Pair("A", "b"), testing::Pair("N", "1")));
}

TEST(Parse, resources_have_their_kinds_names_and_limits) {
  const core::Config config = parsed(kOffice);
  const core::Group& group = config.groups.at(0);
  ASSERT_THAT(resource_names(group),
              ElementsAre("partition-1", "web", "front", "postgres", "scripts"));
  EXPECT_EQ(std::get<core::Partition>(group.resources[0].what),
            (core::Partition{"/dev/sdb1", "/mnt/data1", "ext4", "noatime"}));
  EXPECT_EQ(std::get<core::FloatingIp>(group.resources[2].what),
            (core::FloatingIp{"192.168.10.100", 25, "eth0"}));
  EXPECT_EQ(group.resources[3].restarts, 2);
  EXPECT_EQ(std::get<core::Scripts>(group.resources[4].what).user, "root");
}

TEST(Parse, a_service_resource_has_time_to_kill_after_the_services_own_stop_limit) {
  const core::Config config = parsed(kOffice);
  EXPECT_EQ(config.groups.at(0).resources.at(3).stop_limit, 70s);
  EXPECT_EQ(config.groups.at(0).resources.at(1).stop_limit, 30s);
}

struct OrderCase {
  std::string group;  // added to a group of partitions p1, p2, address, service s and scripts
  std::string p1, p2, address, scripts;  // added to these
  std::vector<std::string> expected;
};

TEST(Parse, resources_start_by_kind_then_as_in_the_file_but_after_what_they_need) {
  const OrderCase cases[] = {
      {"", "", "", "", "", {"p1", "p2", "floating-ip-1", "s", "scripts"}},
      {"order = [\"floating-ip\", \"partition\", \"scripts\", \"services\"]",
       "",
       "",
       "",
       "",
       {"floating-ip-1", "p1", "p2", "scripts", "s"}},
      {"", "after = [\"p2\"]", "", "", "", {"p2", "p1", "floating-ip-1", "s", "scripts"}},
      {"", "after = [\"s\"]", "", "", "", {"p2", "floating-ip-1", "s", "p1", "scripts"}},
      {"",
       "after = [\"scripts\", \"p2\"]",
       "after = [\"s\"]",
       "",
       "",
       {"floating-ip-1", "s", "p2", "scripts", "p1"}},
  };
  for (const auto& example : cases) {
    const core::Config config = parsed(
        "[cluster]\nname = \"c\"\n"
        "[[node]]\nname = \"sv1\"\nid = 1\naddresses = [\"10.0.0.1\"]\n"
        "[[service]]\nname = \"s\"\ncommand = [\"/bin/s\"]\nuser = \"s\"\n"
        "[[group]]\nname = \"g\"\npolicy = [\"sv1\"]\nservices = [\"s\"]\n" +
        example.group +
        "\n[[group.partition]]\nname = \"p1\"\ndevice = \"/dev/sda\"\nmount_point = \"/m1\"\n"
        "filesystem = \"xfs\"\n" +
        example.p1 +
        "\n[[group.partition]]\nname = \"p2\"\ndevice = \"/dev/sdb\"\nmount_point = \"/m2\"\n"
        "filesystem = \"xfs\"\n" +
        example.p2 + "\n[[group.floating_ip]]\naddress = \"10.0.0.9\"\n" + example.address +
        "\n[group.scripts]\nstart = \"/a\"\nstop = \"/b\"\n" + example.scripts);
    ASSERT_EQ(config.groups.size(), 1U);
    EXPECT_EQ(resource_names(config.groups[0]), example.expected);
  }
}

}  // namespace
}  // namespace tasuki::config
