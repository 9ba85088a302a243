// Scripts on the real keeper.
#include "cluster/resource/script/script.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/process/test_keeper.hpp"

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using process::run_task;
using testing::ElementsAre;
using testing::HasSubstr;

struct ScriptTest : testing::Test {
  std::optional<process::TestKeeper> keeper;
  asio::io_context context;
  std::optional<process::KeeperClient> client;

  void SetUp() override {
    if (const auto missing = process::TestKeeper::missing(); !missing.empty())
      GTEST_SKIP() << missing;
    keeper.emplace();
    client.emplace(context, keeper->socket());
    ASSERT_TRUE(run_task(context, client->hello()));
    ASSERT_TRUE(run_task(context, client->open_group({"office", {}, nullptr})));
  }
  std::string write_script(const std::string& name, const std::string& text) {
    const std::string path = keeper->folder() + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0755);
    return path;
  }
  std::unique_ptr<Resource> make(const std::string& start, const std::string& stop) {
    return make_script({*client,
                        core::GroupName("office"),
                        core::ResourceName("scripts"),
                        {write_script("start", start), write_script("stop", stop)},
                        [this](std::string what) { warnings.push_back(std::move(what)); }});
  }
  std::vector<std::string> warnings;
};

TEST_F(ScriptTest, sees_its_environment) {
  const auto script = make("echo \"$ARMS_EVENT $0\"; [ \"$ARMS_EVENT\" = START ]", "exit 0");
  const auto started = run_task(context, script->start({false, {{"ARMS_EVENT", "START"}}}));
  EXPECT_TRUE(started) << started.error().what;
}

TEST_F(ScriptTest, an_exit_code_is_a_failure_with_its_last_line) {
  const auto script = make("#!/bin/sh\necho first\necho the disk is full\nexit 3", "exit 0");
  const auto started = run_task(context, script->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what,
            keeper->folder() + "/start exited with code 3, saying: the disk is full");
}

TEST_F(ScriptTest, a_limit_that_runs_out_kills_it) {
  const auto script = make("exit 0", "echo waiting; sleep 1000");
  EXPECT_TRUE(run_task(context, script->stop({.environment = {}, .stop_limit = 300ms})));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("did not end within 300ms and was killed")));
  EXPECT_TRUE(keeper->pids({"office", "script.scripts.stop"}).empty());
}

TEST_F(ScriptTest, a_stop_that_fails_is_a_warning_and_nothing_is_left) {
  const auto script = make("sleep 1000 & exit 0", "echo no such lock; exit 1");
  ASSERT_TRUE(run_task(context, script->start({})));
  EXPECT_TRUE(run_task(context, script->stop({})));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("exited with code 1, saying: no such lock")));
  EXPECT_TRUE(keeper->pids({"office", "script.scripts.start"}).empty());
}

TEST_F(ScriptTest, a_start_that_fails_is_undone_by_the_stop_script) {
  const std::string mark = keeper->folder() + "/undone";
  const auto script = make("exit 1", "touch " + mark);
  EXPECT_FALSE(run_task(context, script->start({})));
  EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST_F(ScriptTest, what_it_is_only_told_of_undoes_nothing_when_it_fails) {
  const std::string mark = keeper->folder() + "/undone";
  const auto script =
      make("[ \"$ARMS_EVENT\" = START ] || exit 1; sleep 1000 & exit 0", "touch " + mark);
  const process::ProcessName name{"office", "script.scripts.start"};
  ASSERT_TRUE(run_task(context, script->start({false, {{"ARMS_EVENT", "START"}}})));
  EXPECT_FALSE(run_task(context, script->tell({false, {{"ARMS_EVENT", "RECOVER"}}})));
  EXPECT_FALSE(std::filesystem::exists(mark));
  EXPECT_EQ(keeper->pids(name).size(), 1U);
  ASSERT_TRUE(run_task(context, script->stop({})));
}

TEST_F(ScriptTest, what_it_leaves_running_lives_until_the_stop) {
  const auto script = make("sleep 1000 & exit 0", "exit 0");
  const process::ProcessName name{"office", "script.scripts.start"};
  ASSERT_TRUE(run_task(context, script->start({})));
  EXPECT_EQ(keeper->pids(name).size(), 1U);
  // A recovery runs the start script once more.
  const process::ProcessName told{"office", "script.scripts.tell"};
  ASSERT_TRUE(run_task(context, script->tell({false, {{"ARMS_EVENT", "RECOVER"}}})));
  EXPECT_EQ(keeper->pids(name).size() + keeper->pids(told).size(), 2U);
  ASSERT_TRUE(run_task(context, script->stop({})));
  EXPECT_TRUE(keeper->pids(name).empty());
  EXPECT_TRUE(keeper->pids(told).empty());
  EXPECT_TRUE(run_task(context, client->close_group("office")));
}

Task<std::vector<std::string>> tell_and_stop(Resource& script, std::string mark) {
  std::vector<std::string> order;
  asio::co_spawn(co_await asio::this_coro::executor, script.tell({}),
                 [&order](const std::exception_ptr&, const Result<void>& told) {
                   order.push_back(told ? "told" : told.error().what);
                 });
  while (!std::filesystem::exists(mark)) co_await wait_for(1ms);
  const auto stopped = co_await script.stop({});
  order.emplace_back(stopped ? "stopped" : stopped.error().what);
  co_return order;
}

TEST_F(ScriptTest, a_stop_breaks_off_what_it_is_told_and_leaves_the_rest_to_the_stop_script) {
  const std::string mark = keeper->folder() + "/told";
  const auto script = make(
      "if [ -n \"$ARMS_EVENT\" ]; then sleep 1000 & exit 0; fi\n"
      "touch " +
          mark + "; sleep 1000",
      "pgrep -x sleep >" + keeper->folder() + "/left");
  ASSERT_TRUE(run_task(context, script->start({false, {{"ARMS_EVENT", "START"}}})));
  EXPECT_THAT(run_task(context, tell_and_stop(*script, mark)),
              ElementsAre("was broken off, as the scripts are stopped", "stopped"));
  EXPECT_THAT(warnings, testing::IsEmpty()) << "the stop script saw what the start left running";
}

TEST_F(ScriptTest, a_failed_start_tells_what_came_first_first) {
  const auto script = make("exit 4", "[ \"$CLP_FACTOR\" = GROUPFAILOVER ] && exit 5");
  const auto started = run_task(context, script->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, keeper->folder() + "/start exited with code 4; and then: " +
                                      keeper->folder() + "/stop exited with code 5");
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(ScriptTest, a_script_that_is_not_given_does_nothing) {
  const auto script = make_script(
      {*client, core::GroupName("office"), core::ResourceName("scripts"), {"", ""}, {}});
  EXPECT_TRUE(run_task(context, script->start({})));
  EXPECT_TRUE(run_task(context, script->stop({})));
}

}  // namespace
}  // namespace tasuki::resource
