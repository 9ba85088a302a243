#include "cluster/simulation/rehearsal.hpp"

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"

namespace tasuki::simulation {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

core::Config fenced_pair() {
  core::Config config = core::make_config(2);
  config.cluster_name = "pair";
  config.witness = core::Witness{"10.0.0.9"};
  core::Resource address;
  address.name = core::ResourceName{"floating-ip-1"};
  address.what = core::FloatingIp{"10.0.0.100", 24, ""};
  config.groups.front().resources.push_back(address);
  return config;
}

Consequences after(Rehearsal& rehearsal, const std::string& text) {
  const auto answer = rehearsal.ask(parse_sentence(text, fenced_pair()).value());
  EXPECT_TRUE(answer) << answer.error().what;
  return answer.value_or(Consequences{});
}

TEST(Rehearsal, a_power_cut_moves_the_group_with_its_proof_and_its_time) {
  Rehearsal rehearsal(fenced_pair(), {}, {});
  const Consequences consequences = after(rehearsal, "lose sv1");
  ASSERT_THAT(consequences.moved, SizeIs(1));
  const Moved& moved = consequences.moved.front();
  EXPECT_EQ(moved.from, "sv1");
  EXPECT_EQ(moved.to, "sv2");
  EXPECT_EQ(moved.proof, "power off");
  EXPECT_EQ(moved.reason, "taken over from sv1 by sv2");
  EXPECT_GT(moved.after, 600ms) << "the loss is noticed first";
  EXPECT_LT(moved.after, 3s);
}

TEST(Rehearsal, it_is_the_same_each_time) {
  Rehearsal one(fenced_pair(), {}, {});
  Rehearsal other(fenced_pair(), {}, {});
  EXPECT_EQ(after(one, "cut sv1").moved.front().after, after(other, "cut sv1").moved.front().after);
}

TEST(Rehearsal, sentences_build_on_each_other) {
  Rehearsal rehearsal(fenced_pair(), {}, {});
  after(rehearsal, "lose sv1");
  after(rehearsal, "start sv1");
  const Consequences back = after(rehearsal, "group move office --to sv1");
  ASSERT_THAT(back.moved, SizeIs(1));
  EXPECT_EQ(back.moved.front().to, "sv1");
  EXPECT_EQ(back.moved.front().proof, "") << "it was stopped in order";
}

TEST(Rehearsal, what_nothing_can_prove_stays_where_it_was_and_says_why) {
  core::Config config = fenced_pair();
  for (core::Node& node : config.nodes) {
    node.fence.clear();
    node.machine = core::Machine::virtual_machine;
  }
  Rehearsal rehearsal(config, {}, {});
  const Consequences consequences = after(rehearsal, "lose sv1");
  EXPECT_THAT(consequences.groups.front().second, HasSubstr("no proof yet that it let go"));
}

}  // namespace
}  // namespace tasuki::simulation
