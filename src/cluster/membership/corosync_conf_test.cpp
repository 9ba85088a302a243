#include "cluster/membership/corosync_conf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/core/state.hpp"

namespace tasuki::membership {
namespace {

using testing::HasSubstr;
using testing::Not;

core::Node node(uint32_t id, std::vector<std::string> addresses) {
  return {.id = core::NodeId(id),
          .name = "sv" + std::to_string(id),
          .addresses = std::move(addresses),
          .fence = {}};
}

core::Config two_nodes() {
  core::Config config;
  config.cluster_name = "office";
  config.nodes = {node(1, {"10.0.0.1", "fd00::1"}), node(2, {"10.0.0.2", "fd00::2"})};
  return config;
}

const CorosyncFiles kFiles{.authkey = "/etc/tasuki/authkey", .log = ""};

std::string conf(const core::Config& config, const CorosyncFiles& files = kFiles) {
  return corosync_conf(config, core::derive_timing(config).value(), files);
}

TEST(CorosyncConf, OfTwoNodesWithTwoLinks) {
  EXPECT_EQ(conf(two_nodes()), R"(totem {
  version: 2
  cluster_name: office
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
  keyfile: /etc/tasuki/authkey
  token: 272
  token_coefficient: 0
  consensus: 326
  token_retransmits_before_loss_const: 4
  seqno_unchanged_const: 3
  interface {
    linknumber: 0
    knet_ping_interval: 250
    knet_ping_timeout: 1000
  }
  interface {
    linknumber: 1
    knet_ping_interval: 250
    knet_ping_timeout: 1000
  }
}
nodelist {
  node {
    ring0_addr: 10.0.0.1
    ring1_addr: fd00::1
    name: sv1
    nodeid: 1
  }
  node {
    ring0_addr: 10.0.0.2
    ring1_addr: fd00::2
    name: sv2
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: no
  to_syslog: yes
  to_logfile: no
}
)");
}

TEST(CorosyncConf, GivesTheWitnessAVoteAmongAnEvenNumberOfNodes) {
  core::Config config = two_nodes();
  config.witness = core::Witness{.address = "10.0.0.9", .port = 5403, .tls = true};
  EXPECT_EQ(core::witness_votes(config), 1U);
  EXPECT_THAT(conf(config), HasSubstr(R"(quorum {
  provider: corosync_votequorum
  device {
    model: net
    votes: 1
    timeout: 1250
    sync_timeout: 2500
    net {
      host: 10.0.0.9
      port: 5403
      algorithm: ffsplit
      tls: required
    }
  }
}
)"));
  config.witness->tls = false;
  EXPECT_THAT(conf(config), HasSubstr("tls: off\n"));
}

TEST(CorosyncConf, GivesTheWitnessNoVoteAmongAnOddNumberOfNodes) {
  core::Config config = two_nodes();
  config.nodes.push_back(node(3, {"10.0.0.3", "fd00::3"}));
  config.witness = core::Witness{.address = "10.0.0.9"};
  EXPECT_EQ(core::witness_votes(config), 0U);
  EXPECT_THAT(conf(config), Not(HasSubstr("device")));
}

TEST(CorosyncConf, NeverCallsHalfOfTheVotesAMajority) {
  const std::string text = conf(two_nodes());
  for (const auto* key :
       {"two_node", "wait_for_all", "auto_tie_breaker", "last_man_standing", "expected_votes"})
    EXPECT_THAT(text, Not(HasSubstr(key)));
}

TEST(CorosyncConf, LogsToAFileWhenGivenOne) {
  EXPECT_THAT(conf(two_nodes(), {.authkey = "/k", .log = "/var/log/corosync.log"}),
              HasSubstr(R"(logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: /var/log/corosync.log
  timestamp: hires
}
)"));
}

TEST(Authkey, Is256BytesNeverTheSame) {
  EXPECT_EQ(make_authkey().size(), 256U);
  EXPECT_NE(make_authkey(), make_authkey());
}

}  // namespace
}  // namespace tasuki::membership
