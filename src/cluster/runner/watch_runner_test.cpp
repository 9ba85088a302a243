// Watches on the real keeper; the members agree to every id but one.
#include "cluster/runner/watch_runner.hpp"

#include <csignal>

#include <gmock/gmock.h>

#include "cluster/process/test_keeper.hpp"

namespace tasuki::runner {
namespace {

using namespace std::chrono_literals;
using executor::OnEnd;
using process::run_task;
using testing::ElementsAre;

struct WatchRunnerTest : testing::Test {
  std::optional<process::TestKeeper> keeper;
  asio::io_context context;
  std::optional<process::KeeperClient> client;
  core::Config config;
  std::vector<std::string> failures;
  std::shared_ptr<WatchRunner> watches;

  void SetUp() override {
    if (const auto missing = process::TestKeeper::missing(); !missing.empty())
      GTEST_SKIP() << missing;
    core::Service service;
    service.name = core::ServiceName{"office"};
    service.command = {"/bin/sleep", "1000"};
    service.user = "root";
    config.services.push_back(service);
    keeper.emplace();
    connect();
    ASSERT_TRUE(run_task(context, client->open_group({"office", {}, nullptr})));
  }
  // Also as another tasukid does after the first has died.
  void connect() {
    if (watches) watches->close();
    watches.reset();
    client.emplace(context, keeper->socket());
    ASSERT_TRUE(run_task(context, client->hello()));
    watches = std::make_shared<WatchRunner>(
        WatchContext{context, *client, core::GroupName{"office"},
                     [this]() -> const core::Config& { return config; },
                     [] { return std::map<std::string, std::string>{{"MOOD", "calm"}}; }, "", [] {},
                     [](const std::string&) {}, [](const std::string&) {},
                     [this](const std::string& why) { failures.push_back(why); },
                     [this](const std::string& why) { failures.push_back("again: " + why); },
                     [](const std::string& id) -> std::optional<Result<void>> {
                       if (id == "taken") return failure("another group has it", EEXIST);
                       return Result<void>{};
                     },
                     [](core::milliseconds) -> Task<void> { co_await wait_for(2ms); }});
  }
  void TearDown() override {
    if (watches) watches->close();
  }
  Result<void> load(executor::WatchOrder order) {
    return run_task(context, WatchRunner::load(watches, std::move(order)));
  }
  static executor::WatchOrder service(const std::string& id, OnEnd on_end) {
    executor::WatchOrder order;
    order.id = id;
    order.what = core::ServiceName{"office"};
    order.shown = "Office";
    order.on_end = on_end;
    return order;
  }
  static executor::WatchOrder script(const std::string& id, const std::string& text) {
    executor::WatchOrder order;
    order.id = id;
    order.what = executor::Program{{"/bin/sh", "-c", text}, "root", "/", {}};
    order.shown = "a script";
    return order;
  }
  std::vector<pid_t> pids() { return keeper->pids({"office", "service.office"}); }
};

TEST_F(WatchRunnerTest, a_watched_service_runs_in_its_group_and_its_death_is_a_failure) {
  ASSERT_TRUE(load(service("A", OnEnd::fail_over)));
  ASSERT_EQ(pids().size(), 1U);
  EXPECT_EQ(watches->reports().at(0).state, "running");
  ::kill(pids().front(), SIGKILL);
  ASSERT_TRUE(process::run_until(context, [&] { return !failures.empty(); }));
  EXPECT_THAT(failures, ElementsAre("Office was killed by signal 9 (Killed)"));
}

TEST_F(WatchRunnerTest, an_id_that_another_group_has_starts_nothing) {
  const auto loaded = load(service("taken", OnEnd::fail_over));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().what, "another group has it");
  EXPECT_TRUE(pids().empty());
  EXPECT_TRUE(watches->reports().empty());
}

TEST_F(WatchRunnerTest, a_kill_leaves_nothing_and_tells_no_failure) {
  ASSERT_TRUE(load(service("A", OnEnd::fail_over)));
  ASSERT_TRUE(run_task(context, WatchRunner::kill(watches, "a")));
  EXPECT_TRUE(pids().empty());
  EXPECT_TRUE(watches->reports().empty());
  EXPECT_TRUE(failures.empty());
}

TEST_F(WatchRunnerTest, a_program_leaves_its_exit_code_however_quick_it_was) {
  for (const char* text : {"exit 7", "sleep 0.05; exit 7"}) {
    ASSERT_TRUE(load(script("job", text)));
    const auto* watch = watches->machine().find_id("job");
    ASSERT_TRUE(process::run_until(context, [&] {
      watch = watches->machine().find_id("job");
      return watch->exit_code.has_value();
    }));
    EXPECT_EQ(watch->exit_code, 7) << text;
  }
}

TEST_F(WatchRunnerTest, a_restart_is_a_new_process_of_the_same_watch) {
  executor::WatchOrder order = service("A", OnEnd::restart);
  order.restarts = 1;
  ASSERT_TRUE(load(order));
  const pid_t first = pids().at(0);
  ::kill(first, SIGKILL);
  ASSERT_TRUE(process::run_until(context, [&] {
    const auto now = pids();
    return now.size() == 1 && now.front() != first &&
           watches->machine().find_id("A")->phase == executor::WatchPhase::running;
  }));
  EXPECT_EQ(watches->reports().at(0).restarts, 1);
  EXPECT_TRUE(failures.empty());
}

TEST_F(WatchRunnerTest, the_next_tasukid_watches_what_still_runs) {
  ASSERT_TRUE(load(service("A", OnEnd::fail_over)));
  const auto kept = watches->kept();
  connect();
  run_task(context, [](WatchRunner& next, executor::KeptWatches note) -> Task<bool> {
    co_await next.adopt(std::move(note));
    co_return true;
  }(*watches, kept));
  watches->go_on();
  EXPECT_EQ(watches->reports().at(0).state, "running");
  ::kill(pids().at(0), SIGKILL);
  ASSERT_TRUE(process::run_until(context, [&] { return !failures.empty(); }));
}

TEST_F(WatchRunnerTest, what_died_while_tasukid_was_away_is_told_when_it_goes_on) {
  ASSERT_TRUE(load(service("A", OnEnd::fail_over)));
  const auto kept = watches->kept();
  ASSERT_TRUE(run_task(context, client->kill_group("office")));
  failures.clear();
  connect();
  run_task(context, [](WatchRunner& next, executor::KeptWatches note) -> Task<bool> {
    co_await next.adopt(std::move(note));
    co_return true;
  }(*watches, kept));
  EXPECT_TRUE(failures.empty());
  watches->go_on();
  EXPECT_THAT(failures, ElementsAre("Office ended while tasukid was away"));
}

TEST_F(WatchRunnerTest, all_end_when_the_scripts_have_stopped) {
  ASSERT_TRUE(load(service("A", OnEnd::fail_over)));
  ASSERT_TRUE(load(script("job", "exec sleep 1000")));
  watches->scripts_stop();
  ASSERT_TRUE(run_task(context, watches->end_all()));
  EXPECT_TRUE(pids().empty());
  EXPECT_TRUE(keeper->pids({"office", "service.program-2"}).empty());
  EXPECT_TRUE(failures.empty());
}

}  // namespace
}  // namespace tasuki::runner
