// The slots in a folder, as a network share would be.
#include "cluster/runner/slot_watch.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include "cluster/core/test_world.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::runner {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kKey = "a cluster's key";

struct SlotWatchTest : testing::Test {
  std::string folder = make_test_folder();
  core::Config config = core::make_config(2);
  asio::io_context io;

  SlotWatchTest() {
    config.cluster_name = "office";
    config.witness.emplace();
    config.witness->type = core::WitnessType::folder;
    config.witness->place = folder;
    EXPECT_TRUE(witness::prepare_folder(folder, config.cluster_name));
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void write(const witness::Slot& slot) {
    ASSERT_TRUE(witness::open_slots(*config.witness, config.cluster_name)
                    ->write(slot.node, slot.sequence, witness::encode(slot, kKey)));
  }
};

TEST_F(SlotWatchTest, goes_on_from_its_own_slot_without_the_nodes_that_are_none_any_more) {
  const core::NodeId removed{9};
  witness::Slot slot;
  slot.node = core::kSv1;
  slot.sequence = 1;
  slot.apart = {core::kSv2, removed};
  write(slot);
  const auto work = asio::make_work_guard(io);
  int looks = 0;
  SlotWatch watch(io, core::kSv1, kKey, [] {}, [&] { ++looks; });
  watch.configure(config, core::derive_timing(config).value());
  while (looks == 0 && io.run_one_for(10s) == 1) continue;
  ASSERT_EQ(looks, 1);
  EXPECT_EQ(watch.apart(), std::set{core::kSv2});
  EXPECT_THAT(watch.problem(), HasSubstr("sv2 does not write to what this server sees there"));
}

}  // namespace
}  // namespace tasuki::runner
