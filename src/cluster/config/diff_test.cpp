#include "cluster/config/diff.hpp"

#include <gmock/gmock.h>

#include "cluster/config/example_test.hpp"
#include "cluster/config/parse.hpp"

namespace tasuki::config {
namespace {

using testing::ElementsAre;

core::Config parsed(std::string_view text) {
  const ParseOutcome outcome = parse_config(text, "example.toml");
  for (const auto& mistake : outcome.mistakes) ADD_FAILURE() << to_text(mistake);
  return outcome.config.value_or(core::Config());
}

struct DiffCase {
  size_t line;
  std::string_view replacement;
  std::vector<std::string> changes;
  std::vector<std::string> touched;
};

const DiffCase kCases[] = {
    {1, "[cluster]", {}, {}},
    {2, "name = \"lab\"", {"cluster: name office becomes lab (nothing restarts)"}, {}},
    {4, "detect = \"1s\"", {"timing: detect 600ms becomes 1s (nothing restarts)"}, {}},
    {6,
     "address = \"192.168.10.8\"",
     {"witness: address 192.168.10.9 becomes 192.168.10.8 (nothing restarts)"},
     {}},
    {8,
     "name = \"sv1\"\nmachine = \"virtual\"",
     {"node sv1: machine detected becomes virtual (nothing restarts)"},
     {}},
    {12,
     "agent = \"fence_ipmilan\"\noptions = { password = \"secret\" }",
     {"node sv1: fence changes (nothing restarts)"},
     {}},
    {13,
     "[[node]]\nname = \"sv3\"\nid = 3\naddresses = [\"192.168.10.3\", \"10.0.0.3\"]\n[[node]]",
     {"node sv3 joins"},
     {}},
    {15, "id = 4", {"node sv2 leaves", "node sv2 joins"}, {"group1", "group2"}},
    {19,
     "command = [\"/usr/bin/postgres\", \"-D\", \"/mnt/data1\"]",
     {"service postgres: command changes (restarts in group1)"},
     {"group1"}},
    {20,
     "user = \"postgres\"\n[[service]]\nname = \"agent\"\nscope = \"node\"\n"
     "command = [\"/usr/bin/agent\"]\nuser = \"agent\"",
     {"service agent is new (starts on every node)"},
     {}},
    {23,
     "policy = [\"sv2\", \"sv1\"]",
     {"group group1: policy sv1, sv2 becomes sv2, sv1 (nothing restarts)"},
     {"group1"}},
    {23,
     "policy = [\"sv1\"]",
     {"group group1: policy sv1, sv2 becomes sv1 (if it runs on sv2 it moves)"},
     {"group1"}},
    {24,
     "services = []",
     {"group group1: postgres is removed (only this resource stops)"},
     {"group1"}},
    {24,
     "services = [\"postgres\"]\nenvironment = { A = \"b\" }",
     {"group group1: environment changes (its services and scripts restart)"},
     {"group1"}},
    {24,
     "services = [\"postgres\"]\n"
     "order = [\"floating-ip\", \"services\", \"partition\"]",
     {"group group1: resources start in the order floating-ip-1, postgres, partition-1 (nothing "
      "restarts)"},
     {"group1"}},
    {28,
     "filesystem = \"ext4\"\noptions = \"noatime\"",
     {"group group1: partition-1: options becomes noatime (it and what starts after it "
      "restart)"},
     {"group1"}},
    {30,
     "address = \"192.168.10.102\"",
     {"group group1: floating-ip-1: address 192.168.10.100 becomes 192.168.10.102 (only this "
      "resource restarts)"},
     {"group1"}},
    {31,
     "[group.scripts]\nstart = \"/start\"\nstop = \"/stop\"\n[[group]]",
     {"group group1: scripts is new (only this resource starts)"},
     {"group1"}},
    {32,
     "name = \"group3\"",
     {"group group2 is removed (it stops)", "group group3 is new (it starts)"},
     {"group2", "group3"}},
};

TEST(Diff, tells_what_changes_and_what_it_touches) {
  const core::Config before = parsed(kExample);
  for (const DiffCase& example : kCases) {
    SCOPED_TRACE(example.replacement);
    const ConfigDiff diff =
        diff_configs(before, parsed(with_line(example.line, example.replacement)));
    std::vector<std::string> changes;
    for (const Change& change : diff.changes) changes.push_back(change.what);
    EXPECT_THAT(changes, testing::ElementsAreArray(example.changes));
    std::vector<std::string> touched;
    for (const auto& group : diff.touched_groups) touched.push_back(group.value);
    EXPECT_THAT(touched, testing::ElementsAreArray(example.touched));
  }
}

TEST(Diff, a_witness_leaves_when_its_table_is_gone) {
  core::Config after = parsed(kExample);
  after.witness.reset();
  EXPECT_THAT(diff_configs(parsed(kExample), after).changes,
              ElementsAre(Change{"witness", "the witness 192.168.10.9 leaves"}));
  EXPECT_THAT(diff_configs(after, parsed(kExample)).changes,
              ElementsAre(Change{"witness", "the witness 192.168.10.9 joins"}));
}

TEST(Diff, the_path_says_where) {
  const ConfigDiff diff =
      diff_configs(parsed(kExample), parsed(with_line(30, "address = \"192.168.10.102\"")));
  ASSERT_EQ(diff.changes.size(), 1U);
  EXPECT_EQ(diff.changes[0].path, "group.group1.floating-ip-1.address");
}

}  // namespace
}  // namespace tasuki::config
