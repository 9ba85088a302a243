// The firewall rules that cuts mean.
#include "cluster/lab/network.hpp"

#include <gmock/gmock.h>

namespace tasuki::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<Host> kHosts = {
    {HostKind::node, "sv1", {{0, "10.77.0.1", 24}, {1, "10.78.0.1", 24}}, {}, {}},
    {HostKind::node, "sv2", {{0, "10.77.0.2", 24}, {1, "10.78.0.2", 24}}, {}, {}},
    {HostKind::client, "client", {{0, "10.77.0.200", 24}}, {}, {}}};

TEST(LabCuts, DropOnEveryLinkOfBothHostsAndOnlyInTheGivenDirection) {
  const auto rules = cut_rules(kHosts, {{"sv1", "client"}});
  EXPECT_THAT(rules,
              HasSubstr("iifname { \"host0.0\", \"host0.1\" } oifname { \"host2.0\" } drop"));
  EXPECT_THAT(rules, Not(HasSubstr("iifname { \"host2.0\"")));
}

TEST(LabCuts, ReplaceTheCutsBefore) {
  const auto rules = cut_rules(kHosts, {});
  EXPECT_THAT(rules, HasSubstr("delete table bridge tasuki"));
  EXPECT_THAT(rules, Not(HasSubstr("drop")));
}

}  // namespace
}  // namespace tasuki::lab
