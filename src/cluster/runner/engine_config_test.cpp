#include "cluster/runner/engine_config.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "cluster/core/test_world.hpp"
#include "cluster/runner/node.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::runner {
namespace {

TEST(EngineConfig, is_written_whole_by_whoever_comes_first) {
  const std::string folder = make_test_folder();
  NodePaths paths;
  paths.corosync_conf = folder + "/run/corosync.conf";
  core::Config config = core::make_config(2);
  config.cluster_name = "office";
  for (core::Node& node : config.nodes) node.addresses = {fmt::format("10.0.0.{}", node.id)};
  const auto write = [&](Result<bool>& written) { written = write_corosync_conf(config, paths); };
  for (int round = 0; round < 50; ++round) {
    std::filesystem::remove(paths.corosync_conf);
    Result<bool> one, other;
    std::thread beside([&] { write(other); });
    write(one);
    beside.join();
    ASSERT_TRUE(one) << one.error().what;
    ASSERT_TRUE(other) << other.error().what;
    EXPECT_NE(*one, *other);
    EXPECT_NE(read_file(paths.corosync_conf).value().find("10.0.0.2"), std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tasuki::runner
