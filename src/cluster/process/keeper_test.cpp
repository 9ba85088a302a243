// The real keeper on the real kernel: processes, cgroups, mounts.
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/process/cgroup.hpp"
#include "cluster/process/keeper_client.hpp"
#include "cluster/process/run_command.hpp"
#include "cluster/process/test_keeper.hpp"
#include "cluster/process/unix_socket.hpp"
#include "kit/cgroup_place.hpp"
#include "kit/file.hpp"

namespace tasuki::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ProcessName kMain{"office", "main"};

struct KeeperTest : testing::Test {
  std::optional<TestKeeper> keeper;
  asio::io_context context;
  std::optional<KeeperClient> client;

  void SetUp() override {
    if (const auto missing = TestKeeper::missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  void begin(const std::string& reset = "none", std::vector<Release> releases = {}) {
    keeper.emplace(reset);
    client.emplace(context, keeper->socket());
    ASSERT_TRUE(run_task(context, client->hello()));
    ASSERT_TRUE(run_task(context, client->open_group({"office", std::move(releases), "a note"})));
  }
  static Spawn shell(ProcessName name, const std::string& script) {
    return {std::move(name), {"/bin/sh", "-c", script}, "", {}, "", "test"};
  }
  // Starts a shell and waits for its first line, which says that it has set itself up.
  void start(const ProcessName& name, const std::string& script) {
    std::string line;
    const auto watch = client->watch(name, {{}, [&](const std::string& said) { line = said; }});
    const auto spawned = run_task(context, client->spawn(shell(name, script)));
    ASSERT_TRUE(spawned) << spawned.error().what;
    ASSERT_TRUE(run_until(context, [&] { return line == "ready"; }));
  }
  // What the keeper says when it has let go of everything, or after ten seconds.
  HelloReply wait_for_release() {
    const Moment limit = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      auto hello = run_task(context, client->hello()).value();
      if ((hello.lease_expired && hello.groups.empty()) || std::chrono::steady_clock::now() > limit)
        return hello;
      context.run_for(5ms);
    }
  }
  Result<CommandEnd> run(Spawn spawn) {
    return run_task(context, run_command(*client, std::move(spawn), 10s));
  }
};

TEST_F(KeeperTest, a_death_is_told) {
  begin();
  bool told = false;
  const auto watch = client->watch(kMain, {[&](const Exited& exited) {
                                             told = true;
                                             EXPECT_EQ(exited.status.value, SIGKILL);
                                           },
                                           {}});
  ASSERT_TRUE(run_task(context, client->spawn(shell(kMain, "exec sleep 1000"))));
  EXPECT_TRUE(client->find_running(kMain));
  const auto pids = keeper->pids(kMain);
  ASSERT_EQ(pids.size(), 1U);
  ASSERT_EQ(::kill(pids.front(), SIGKILL), 0);
  ASSERT_TRUE(run_until(context, [&] { return told; }));
  EXPECT_FALSE(client->find_running(kMain));
}

TEST_F(KeeperTest, output_comes_as_lines_before_the_end) {
  begin();
  std::vector<std::string> seen;
  const auto watch =
      client->watch(kMain, {[&](const Exited& exited) { seen.push_back(describe(exited.status)); },
                            [&](const std::string& line) { seen.push_back(line); }});
  ASSERT_TRUE(run_task(
      context, client->spawn(shell(kMain, "echo one; echo two >&2; printf three; exit 4"))));
  ASSERT_TRUE(run_until(context, [&] { return seen.size() == 4; }));
  EXPECT_THAT(seen, ElementsAre("one", "two", "three", "exited with code 4"));
}

TEST_F(KeeperTest, a_process_gets_exactly_its_environment_user_and_folder) {
  begin();
  std::vector<std::string> lines;
  const auto watch =
      client->watch(kMain, {{}, [&](const std::string& line) { lines.push_back(line); }});
  bool ended = false;
  const auto script =
      "/usr/bin/env; id -un; id -Gn; pwd; readlink /proc/self/fd/0; "
      "ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; echo end";
  Spawn spawn = shell(kMain, script);
  spawn.user = "nobody";
  spawn.working_directory = "/usr";
  spawn.environment = {{"ARMS_EVENT", "START"}};
  ASSERT_TRUE(run_task(context, client->spawn(spawn)));
  ASSERT_TRUE(run_until(context, [&] { return ended = !lines.empty() && lines.back() == "end"; }));
  // "PWD" and "OLDPWD" are the shell's own.
  std::erase_if(lines, [](const std::string& line) { return line.starts_with("PWD="); });
  std::sort(lines.begin(), lines.begin() + 4);
  EXPECT_THAT(lines,
              ElementsAre("ARMS_EVENT=START", "HOME=/nonexistent",
                          HasSubstr("PATH=/usr/local/sbin:"), "USER=nobody", "nobody", "nogroup",
                          "/usr", "/dev/null", "4", "SigBlk:\t0000000000000000", "end"));
}

TEST_F(KeeperTest, what_cannot_run_is_refused_with_the_reason) {
  begin();
  const auto why = [this](Spawn spawn) { return run(std::move(spawn)).error().what; };
  Spawn spawn = shell(kMain, "true");
  spawn.command = {"/no/such/program"};
  EXPECT_EQ(why(spawn), "run /no/such/program: No such file or directory");
  spawn.command = {"/etc/passwd"};
  EXPECT_EQ(why(spawn), "run /etc/passwd: Permission denied");
  spawn = shell(kMain, "true");
  spawn.user = "no-such-user";
  EXPECT_EQ(why(spawn), "there is no user \"no-such-user\" on this node");
  spawn = shell(kMain, "true");
  spawn.working_directory = "/no/such/folder";
  EXPECT_EQ(why(spawn), "enter the working directory /no/such/folder: No such file or directory");
  const auto good = run(shell(kMain, "true"));
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_TRUE(good->status.success()) << "the failures left nothing behind";
}

TEST_F(KeeperTest, a_stubborn_process_is_killed_at_its_limit_with_its_children) {
  begin();
  start(kMain, "trap '' TERM; sleep 1000 & echo ready; wait; while :; do sleep 1000; done");
  ASSERT_EQ(keeper->pids(kMain).size(), 2U);
  const auto stopped = run_task(context, client->stop({kMain, SIGTERM, 50ms}));
  ASSERT_TRUE(stopped) << stopped.error().what;
  EXPECT_TRUE(stopped->forced);
  EXPECT_TRUE(keeper->pids(kMain).empty());
}

TEST_F(KeeperTest, a_process_that_obeys_is_not_forced) {
  begin();
  start(kMain, "trap 'exit 0' INT; echo ready; while :; do sleep 0.01; done");
  const auto stopped = run_task(context, client->stop({kMain, SIGINT, 20s}));
  ASSERT_TRUE(stopped) << stopped.error().what;
  EXPECT_FALSE(stopped->forced);
}

TEST_F(KeeperTest, nothing_escapes_from_a_group_that_is_killed) {
  begin();
  // A daemon of the old kind: its parents are gone, its session is its own.
  const auto daemon = "(setsid sh -c 'echo ready; exec sleep 1000' &) ";
  start(kMain, daemon);
  start({"office", "other"}, "echo ready; exec sleep 1000");
  ASSERT_TRUE(run_until(context, [&] { return !client->find_running(kMain); }));
  ASSERT_EQ(keeper->pids(kMain).size(), 1U) << "the daemon stays in the cgroup";
  ASSERT_FALSE(run_task(context, client->close_group("office"))) << "it still has processes";
  ASSERT_TRUE(run_task(context, client->kill_group("office")));
  EXPECT_TRUE(keeper->pids(kMain).empty());
  EXPECT_TRUE(run_task(context, client->close_group("office")));
  EXPECT_FALSE(std::filesystem::exists(keeper->cgroup() + "/groups/office"));
}

// A cgroup that somebody else fills, as systemd does, with one process.
struct Slice {
  std::string name;
  std::string folder;
  pid_t pid = -1;

  explicit Slice(const TestKeeper& keeper) {
    const auto place = find_cgroup_place().value();
    folder = keeper.cgroup() + ".slice";
    name = folder.substr(place.mount_point.size() + 1);
    TASUKI_ASSERT(make_folders(folder).has_value());
    pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    TASUKI_ASSERT(write_file(folder + "/cgroup.procs", std::to_string(pid)).has_value());
  }
  // The signal that ended the process.
  [[nodiscard]] int wait() const {
    int status = 0;
    TASUKI_ASSERT(::waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  }
  [[nodiscard]] bool frozen() const {
    return read_file(folder + "/cgroup.freeze").value_or("") == "1\n";
  }
  ~Slice() { [[maybe_unused]] const auto removed = remove_cgroup_tree(folder); }
};

// A process that stands for who is in the slice.
Spawn standing_for(const Slice& slice, const std::string& script) {
  Spawn spawn = KeeperTest::shell(kMain, script);
  spawn.slice = slice.name;
  return spawn;
}

TEST_F(KeeperTest, a_kill_reaches_the_slice_and_leaves_it_frozen_for_who_comes_late) {
  begin();
  const Slice slice(*keeper);
  ASSERT_TRUE(run_task(context, client->spawn(standing_for(slice, "exec sleep 1000"))));
  EXPECT_FALSE(slice.frozen());
  ASSERT_TRUE(run_task(context, client->kill_group("office")));
  EXPECT_EQ(slice.wait(), SIGKILL);
  EXPECT_TRUE(slice.frozen());
}

TEST_F(KeeperTest, a_process_is_not_gone_while_its_slice_has_another) {
  begin();
  const Slice slice(*keeper);
  bool exited = false;
  const auto watch = client->watch(kMain, {[&](const Exited&) { exited = true; }, {}});
  ASSERT_TRUE(run_task(context, client->spawn(standing_for(slice, "exit 0"))));
  ASSERT_TRUE(run_until(context, [&] { return exited; }));
  EXPECT_FALSE(run_task(context, client->close_group("office")));
  EXPECT_FALSE(slice.frozen());
  ASSERT_TRUE(run_task(context, client->stop({kMain, SIGTERM, 10s})));
  EXPECT_EQ(slice.wait(), SIGKILL);
  EXPECT_TRUE(slice.frozen());
  EXPECT_TRUE(run_task(context, client->close_group("office")));
}

TEST_F(KeeperTest, the_next_tasukid_finds_everything_and_is_told_of_it) {
  begin("none", {ReleaseMount{"/dev/sdb1", "/data"}});
  start(kMain, "echo ready; exec sleep 1000");
  const auto pid = client->find_running(kMain);
  client.reset();

  KeeperClient next(context, keeper->socket());
  const auto hello = run_task(context, next.hello());
  ASSERT_TRUE(hello) << hello.error().what;
  EXPECT_EQ(*hello, (HelloReply{{{"office",
                                  "a note",
                                  {ReleaseMount{"/dev/sdb1", "/data"}},
                                  {{"main", pid.value(), "test"}}}},
                                false}));
  bool exited = false;
  const auto watch = next.watch(kMain, {[&](const Exited&) { exited = true; }, {}});
  ::kill(keeper->pids(kMain).front(), SIGKILL);
  EXPECT_TRUE(run_until(context, [&] { return exited; }));
}

TEST_F(KeeperTest, the_next_keeper_undoes_what_one_that_died_had_begun) {
  keeper.emplace("none", R"({"groups": {"office": [{"device": "/dev/no-such", "kind": "unmount",
                             "mount_point": "@DISK@"}]}, "slices": []})");
  client.emplace(context, keeper->socket());
  EXPECT_EQ(wait_for_release(), (HelloReply{{}, true, false, false}));
  EXPECT_FALSE(keeper->disk_mounted());
}

TEST_F(KeeperTest, what_is_begun_is_remembered_before_it_is_allowed_and_forgotten_at_the_end) {
  begin("none", {ReleaseMount{"/dev/no-such", "/data"}});
  EXPECT_THAT(keeper->left(), HasSubstr("/dev/no-such"));
  ASSERT_TRUE(run_task(context, client->close_group("office")));
  EXPECT_THAT(keeper->left(), Not(HasSubstr("/dev/no-such")));
  client.reset();
  EXPECT_EQ(keeper->end(), 0);
  EXPECT_EQ(keeper->left(), "");
}

TEST_F(KeeperTest, the_next_keeper_ends_what_systemd_had_started_for_one_that_died) {
  begin();
  const Slice slice(*keeper);
  ASSERT_TRUE(run_task(context, client->spawn(standing_for(slice, "exec sleep 1000"))));
  const std::string left = keeper->left();
  client.reset();
  EXPECT_EQ(keeper->end(), 0);
  const Slice again(*keeper);

  keeper.emplace("none", left);
  EXPECT_EQ(again.wait(), SIGKILL);
  EXPECT_TRUE(again.frozen()) << "whoever systemd starts late does not run";
}

TEST_F(KeeperTest, a_newer_tasukid_takes_the_place_of_the_older) {
  begin();
  std::string lost;
  client->on_loss([&](const std::string& why) { lost = why; });
  KeeperClient newer(context, keeper->socket());
  ASSERT_TRUE(run_task(context, newer.hello()));
  EXPECT_TRUE(run_until(context, [&] { return !lost.empty(); }));
}

TEST_F(KeeperTest, a_lease_that_runs_out_stops_everything_and_unmounts) {
  keeper.emplace();
  client.emplace(context, keeper->socket());
  ASSERT_TRUE(run_task(context, client->hello()));
  ASSERT_TRUE(run_task(
      context,
      client->open_group({"office", {ReleaseMount{"/dev/no-such", keeper->disk()}}, nullptr})));
  // It holds the disk and does not want to go.
  start(kMain, "trap '' TERM; cd " + keeper->disk() + "; echo ready; while :; do sleep 1000; done");
  ASSERT_TRUE(keeper->disk_mounted());
  client->lease(std::chrono::steady_clock::now(), 50ms, 3s);
  EXPECT_EQ(wait_for_release(), (HelloReply{{}, true, false, true}));
  EXPECT_TRUE(keeper->pids(kMain).empty());
  EXPECT_FALSE(keeper->disk_mounted());
}

TEST_F(KeeperTest, a_tasukid_that_hangs_is_ended_before_its_groups_are_let_go_of) {
  keeper.emplace();
  const Fd tasukid = keeper->start_inside([&] {
    const auto socket = connect_packet_socket(keeper->socket());
    uint64_t id = 0;
    for (const Operation& operation : std::vector<Operation>{
             Hello{}, OpenGroup{"office", {ReleaseMount{"/dev/no-such", keeper->disk()}}, nullptr},
             Lease{std::chrono::steady_clock::now(), 50ms, 20s}}) {
      const auto packet = to_packet(Request{++id, operation});
      if (::send(socket->get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return;
    }
    ::raise(SIGSTOP);
  });
  pollfd ended{tasukid.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  siginfo_t how{};
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(tasukid.get()), &how, WEXITED), 0);
  EXPECT_EQ(how.si_status, SIGKILL);
  client.emplace(context, keeper->socket());
  EXPECT_EQ(wait_for_release(), (HelloReply{{}, true, false, true}));
  EXPECT_FALSE(keeper->disk_mounted());
}

TEST_F(KeeperTest, a_renewed_lease_leaves_the_groups_alone) {
  begin();
  start(kMain, "echo ready; exec sleep 1000");
  const Moment until = std::chrono::steady_clock::now() + 400ms;
  asio::steady_timer timer(context);
  bool over = false;
  std::function<void()> renew = [&] {
    client->lease(std::chrono::steady_clock::now(), 300ms, 1s);
    over = std::chrono::steady_clock::now() >= until;
    timer.expires_after(20ms);
    timer.async_wait([&](boost::system::error_code) { renew(); });
  };
  renew();
  ASSERT_TRUE(run_until(context, [&] { return over; }));
  EXPECT_TRUE(client->find_running(kMain));
  timer.cancel();
}

TEST_F(KeeperTest, a_keeper_told_to_end_lets_go_and_leaves_nothing_behind) {
  begin();
  start(kMain, "echo ready; exec sleep 1000");
  client.reset();
  EXPECT_EQ(keeper->end(), 0);
  EXPECT_FALSE(std::filesystem::exists(keeper->cgroup()));
  EXPECT_FALSE(std::filesystem::exists(keeper->socket()));
}

TEST_F(KeeperTest, a_tasukid_that_does_not_read_neither_stops_the_keeper_nor_loses_an_end) {
  begin();
  std::string ended;
  const auto watch =
      client->watch(kMain, {[&](const Exited& exited) { ended = describe(exited.status); }, {}});
  ASSERT_TRUE(run_task(context, client->spawn(shell(kMain, "yes | head -n 500000; exit 3"))));
  // Nobody reads while half a million lines are written; the process ends nevertheless.
  ASSERT_TRUE(keeper->wait_empty(kMain)) << "the keeper goes on taking its output";
  EXPECT_TRUE(run_until(context, [&] { return !ended.empty(); }));
  EXPECT_EQ(ended, "exited with code 3");
}

// The lab's watchdog of one node, which keeps what it is told.
struct Watchdog {
  asio::io_context& context;
  int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  Fd client;
  std::string said;

  Watchdog(asio::io_context& on, const std::string& path) : context(on) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener, 4), 0);
  }
  ~Watchdog() { ::close(listener); }
  bool heard(const std::string& wanted) {
    if (!client) client = Fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    char buffer[1024];
    const ssize_t got = ::read(client.get(), buffer, sizeof buffer);
    if (got > 0) said.append(buffer, static_cast<size_t>(got));
    return said.find(wanted) != std::string::npos;
  }
};

TEST_F(KeeperTest, the_watchdog_is_armed_by_the_lease_and_a_stuck_release_resets) {
  std::string folder = std::filesystem::temp_directory_path() / "tasuki-watchdog-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  Watchdog watchdog(context, folder + "/watchdog.sock");
  begin("simulated:" + folder + "/watchdog.sock", {ReleaseMount{"/dev/no-such", "/"}});
  EXPECT_TRUE(watchdog.heard("disarm\n"));
  client->lease(std::chrono::steady_clock::now(), 100ms, 300ms);
  // The root of a namespace cannot be unmounted.
  const Moment limit = std::chrono::steady_clock::now() + 10s;
  while (!watchdog.heard("reset ") && std::chrono::steady_clock::now() < limit)
    context.run_for(5ms);
  EXPECT_THAT(watchdog.said, HasSubstr("pet 39"));
  EXPECT_THAT(watchdog.said, HasSubstr("reset the group \"office\" could not be let go of"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tasuki::process
