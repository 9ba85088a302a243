// Fence agents that are small scripts, for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "cluster/core/config.hpp"
#include "kit/file.hpp"
#include "kit/task.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::guard {

// Runs a task to its end on an io_context of its own.
template <class T>
T run(Task<T> task) {
  asio::io_context context;
  std::optional<T> value;
  asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& problem, T result) {
    if (problem) std::rethrow_exception(problem);
    value = std::move(result);
  });
  context.run_for(std::chrono::seconds(30));
  return std::move(value).value();
}

// Agents are shell scripts; $state is a folder of their own.
class AgentTest : public testing::Test {
 public:
  AgentTest() { folder = make_test_folder(); }
  ~AgentTest() override { std::filesystem::remove_all(folder); }

 protected:
  core::FenceDevice agent(const std::string& script,
                          std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const std::string path = folder / ("fence_" + std::to_string(++agents));
    std::ofstream(path)
        << "#!/bin/sh\nstate=" << folder.string()
        << "\nwhile read line; do case $line in action=*) action=${line#*=};; esac; "
           "echo \"$line\" >>$state/options; done\n"
        << script;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return {.agent = path, .options = {}, .limit = limit};
  }

  std::string written(const std::string& name) { return read_file(folder / name).value(); }

  std::filesystem::path folder;
  int agents = 0;
};

}  // namespace tasuki::guard
