#include "cluster/runner/accounts.hpp"

#include <gmock/gmock.h>

namespace tasuki::runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const core::NodeId kSv1{1}, kSv2{2};

struct AccountsTest : testing::Test {
  core::Config config;
  void SetUp() override {
    config.nodes.resize(2);
    config.nodes[0].id = kSv1;
    config.nodes[0].name = "sv1";
    config.nodes[1].id = kSv2;
    config.nodes[1].name = "sv2";
    core::Service database;
    database.user = "postgres";
    config.services = {database};
  }
};

TEST_F(AccountsTest, are_those_that_services_run_as) {
  config.services[0].user = "root";
  EXPECT_EQ(read_accounts(config), (core::Accounts{{{"root", 0}}}));
  config.services[0].user = "no-such-user";
  EXPECT_EQ(read_accounts(config), (core::Accounts{{{"no-such-user", std::nullopt}}}));
}

TEST_F(AccountsTest, that_are_the_same_everywhere_are_no_problem) {
  const core::Accounts same{{{"postgres", 105}}};
  EXPECT_THAT(account_problems(config, {{kSv1, same}, {kSv2, same}}), IsEmpty());
  EXPECT_THAT(account_problems(config, {{kSv1, same}}), IsEmpty()) << "sv2 did not say yet";
}

TEST_F(AccountsTest, that_differ_are_told_with_their_numbers) {
  EXPECT_THAT(
      account_problems(config, {{kSv1, {{{"postgres", 105}}}}, {kSv2, {{{"postgres", 106}}}}}),
      ElementsAre("the user postgres has different numbers: 105 on sv1, 106 on sv2; files on a "
                  "partition would not be its own after a takeover; give it one number everywhere "
                  "(usermod --uid)"));
}

TEST_F(AccountsTest, that_are_missing_on_one_server_are_told) {
  EXPECT_THAT(account_problems(
                  config, {{kSv1, {{{"postgres", 105}}}}, {kSv2, {{{"postgres", std::nullopt}}}}}),
              ElementsAre("there is no user postgres on sv2, so services that run as it cannot "
                          "start there; make it with the number it has elsewhere (useradd --uid)"));
}

}  // namespace
}  // namespace tasuki::runner
