// Services on the real keeper.
#include "cluster/resource/service/service.hpp"

#include <filesystem>
#include <fstream>
#include <signal.h>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/process/test_keeper.hpp"
#include "kit/file.hpp"

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using process::run_task;

const process::ProcessName kName{"office", "service.db"};

struct ServiceTest : testing::Test {
  std::optional<process::TestKeeper> keeper;
  asio::io_context context;
  std::optional<process::KeeperClient> client;
  std::vector<std::string> faults;

  void SetUp() override {
    if (const auto missing = process::TestKeeper::missing(); !missing.empty())
      GTEST_SKIP() << missing;
    keeper.emplace();
    client.emplace(context, keeper->socket());
    ASSERT_TRUE(run_task(context, client->hello()));
    ASSERT_TRUE(run_task(context, client->open_group({"office", {}, nullptr})));
  }
  core::Service service_of(const std::string& script, core::Readiness ready) const {
    core::Service service;
    service.name = core::ServiceName("db");
    service.command = {"/bin/sh", "-c", script};
    service.user = "root";
    service.ready = std::move(ready);
    return service;
  }
  std::unique_ptr<Resource> make(core::Service service) {
    return make_service(
        {*client, core::GroupName("office"), std::move(service), "", keeper->folder() + "/notify"},
        [this](std::string reason) { faults.push_back(std::move(reason)); });
  }
  std::unique_ptr<Resource> make(const std::string& script,
                                 core::Readiness ready = core::ReadyWhenStarted{}) {
    return make(service_of(script, std::move(ready)));
  }
};

TEST_F(ServiceTest, its_death_is_a_fault_with_the_reason) {
  const auto service = make("exec sleep 1000");
  ASSERT_TRUE(run_task(context, service->start({})));
  ASSERT_EQ(keeper->pids(kName).size(), 1U);
  ::kill(keeper->pids(kName).front(), SIGKILL);
  ASSERT_TRUE(process::run_until(context, [&] { return !faults.empty(); }));
  EXPECT_THAT(faults, testing::ElementsAre("db was killed by signal 9 (Killed)"));
  EXPECT_TRUE(run_task(context, service->stop({})));
}

TEST_F(ServiceTest, is_not_started_without_the_partition_it_needs) {
  core::Service needy = service_of("exec sleep 1000", core::ReadyWhenStarted{});
  needy.require_partition = "/mnt/no-such-partition";
  const auto service = make(needy);
  const auto started = run_task(context, service->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what,
            "db needs the partition at /mnt/no-such-partition, which group office has not mounted "
            "on this server; it is not started");
  EXPECT_TRUE(keeper->pids(kName).empty());
  needy.require_partition = "/proc";
  EXPECT_TRUE(run_task(context, make(needy)->start({}))) << "something is mounted there";
}

TEST_F(ServiceTest, a_unit_is_what_the_program_that_stands_for_it_says) {
  const std::string program = keeper->folder() + "/unit";
  ASSERT_TRUE(replace_file_durably(program, "#!/bin/sh\necho \"$*\"; exit 3\n", 0755));
  core::Service service;
  service.name = core::ServiceName("my-web");
  service.unit = "nginx.service";
  service.user = "root";
  service.ready = core::ReadyWhenNotified{};
  ServiceSettings settings{*client, core::GroupName("office"), std::move(service), "",
                           keeper->folder() + "/notify"};
  settings.unit_program = program;
  const auto unit = make_service(std::move(settings), [](const std::string&) {});
  const auto started = run_task(context, unit->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what,
            "my-web exited with code 3, saying: nginx.service tasuki.slice/tasuki-office.slice/"
            "tasuki-office-my\\x2dweb.slice");
}

TEST_F(ServiceTest, a_stop_is_no_fault_and_leaves_nothing) {
  const auto service = make("sleep 1000 & exec sleep 1000");
  ASSERT_TRUE(run_task(context, service->start({})));
  ASSERT_TRUE(run_task(context, service->stop({})));
  EXPECT_TRUE(keeper->pids(kName).empty());
  EXPECT_TRUE(faults.empty());
  EXPECT_TRUE(run_task(context, service->stop({}))) << "fine when it is not up";
}

TEST_F(ServiceTest, an_end_while_it_starts_is_a_failure_with_its_last_line) {
  const auto service = make("echo no space left; exit 5", core::ReadyWhenConnects{"", 1});
  const auto started = run_task(context, service->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, "db exited with code 5, saying: no space left");
  EXPECT_TRUE(faults.empty()) << "the failed start has told it";
}

TEST_F(ServiceTest, is_ready_when_it_accepts_a_connection) {
  // The listener stands for the service's own; its port is not open before the first look.
  asio::ip::tcp::acceptor acceptor(context);
  const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  acceptor.open(any.protocol());
  acceptor.bind(any);
  asio::steady_timer timer(context, 30ms);
  bool listening = false;
  timer.async_wait([&](boost::system::error_code) {
    acceptor.listen();
    listening = true;
  });
  const auto service =
      make("exec sleep 1000", core::ReadyWhenConnects{"", acceptor.local_endpoint().port()});
  const auto started = run_task(context, service->start({}));
  EXPECT_TRUE(started) << started.error().what;
  EXPECT_TRUE(listening);
}

TEST_F(ServiceTest, that_never_gets_ready_is_stopped_again) {
  const auto service = make("exec sleep 1000", core::ReadyWhenConnects{"127.0.0.1", 1});
  const auto started = run_task(context, service->start({.environment = {}, .start_limit = 100ms}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, "db was not ready within 100ms: 127.0.0.1:1: Connection refused");
  EXPECT_TRUE(keeper->pids(kName).empty());
}

TEST_F(ServiceTest, is_ready_when_its_command_succeeds) {
  const std::string file = keeper->folder() + "/up";
  const auto service = make("sleep 0.05; touch " + file + "; exec sleep 1000",
                            core::ReadyWhenCommandSucceeds{{"/usr/bin/test", "-e", file}});
  const auto started = run_task(context, service->start({}));
  EXPECT_TRUE(started) << started.error().what;
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(ServiceTest, is_ready_when_it_says_so) {
  auto settings = service_of("", core::ReadyWhenNotified{});
  settings.user = "nobody";
  settings.command = {"/usr/bin/perl", "-MSocket", "-e",
                      "socket(S, AF_UNIX, SOCK_DGRAM, 0);"
                      "connect(S, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die \"$!\";"
                      "send(S, \"STATUS=starting\", 0); send(S, \"READY=1\", 0); sleep 1000"};
  const auto service = make(settings);
  const auto started = run_task(context, service->start({}));
  EXPECT_TRUE(started) << started.error().what;
  EXPECT_FALSE(std::filesystem::exists(keeper->folder() + "/notify/office.db"));
}

TEST_F(ServiceTest, that_ends_without_saying_so_is_a_failure_at_once) {
  const auto service = make("exit 0", core::ReadyWhenNotified{});
  const auto started = run_task(context, service->start({}));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what, "db exited with code 0");
}

TEST_F(ServiceTest, is_adopted_by_the_next_tasukid) {
  const auto service = make("exec sleep 1000");
  ASSERT_TRUE(run_task(context, service->start({})));
  process::KeeperClient next(context, keeper->socket());
  ASSERT_TRUE(run_task(context, next.hello()));
  const auto adopted = make_service(
      {next, core::GroupName("office"), service_of("", core::ReadyWhenStarted{}), "", ""},
      [this](std::string reason) { faults.push_back(std::move(reason)); });
  EXPECT_TRUE(run_task(context, adopted->adopt()).value());
  ::kill(keeper->pids(kName).front(), SIGTERM);
  EXPECT_TRUE(process::run_until(context, [&] { return !faults.empty(); }));
  EXPECT_FALSE(run_task(context, adopted->adopt()).value()) << "it runs no more";
}

TEST_F(ServiceTest, sees_its_own_environment_and_the_groups) {
  const std::string file = keeper->folder() + "/environment";
  auto settings = service_of("echo $A $B > " + file + "; exec sleep 1000",
                             core::ReadyWhenCommandSucceeds{{"/usr/bin/test", "-s", file}});
  settings.environment = {{"A", "own"}};
  const auto service = make(settings);
  ASSERT_TRUE(run_task(context, service->start({false, {{"B", "group"}}})));
  std::string line;
  std::getline(std::ifstream(file), line);
  EXPECT_EQ(line, "own group");
}

}  // namespace
}  // namespace tasuki::resource
