// Labs on the real thing: namespaces, loop devices, Corosync. Tasuki's own daemons are played by
// this program, started under their names, so that the lab is tested and nothing else.
#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/config/parse.hpp"
#include "cluster/lab/commands.hpp"
#include "cluster/lab/fence_agent.hpp"
#include "cluster/lab/plan.hpp"
#include "cluster/lab/sweep.hpp"
#include "cluster/proto/codec.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/json.hpp"
#include "kit/test_folder.hpp"
#include "kit/text.hpp"

namespace tasuki::lab {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Clock = std::chrono::steady_clock;

// --- the programs that the lab starts ---

Fd unix_socket(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

// `tasuki lab ...`; the words behind "lab" in the order that CLI11 wants, the last first.
int play_tasuki(std::vector<std::string> arguments) {
  CLI::App app;
  int status = 0;
  add_verbs(app, [&status](int ended) { status = ended; });
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem);
  }
  return status;
}

// `tasukid --node NAME --write-engine-config`
int write_engine_config() {
  const auto text = read_file("/etc/tasuki/cluster.toml");
  if (!text) return 1;
  const auto outcome = config::parse_config(*text, "cluster.toml");
  if (!outcome.config) return 1;
  std::ofstream out("/run/tasuki/corosync.conf");
  out << "totem {\n  version: 2\n  transport: knet\n  cluster_name: test\n  token: 1000\n"
         "  crypto_cipher: aes256\n  crypto_hash: sha256\n  keyfile: /etc/tasuki/authkey\n}\n"
         "quorum {\n  provider: corosync_votequorum\n}\n"
         "logging {\n  to_stderr: yes\n  to_syslog: no\n}\nnodelist {\n";
  for (const auto& node : outcome.config->nodes)
    out << fmt::format("  node {{\n    nodeid: {}\n    name: {}\n    ring0_addr: {}\n  }}\n",
                       node.id.value, node.name, node.addresses[0]);
  out << "}\n";
  return out.good() ? 0 : 1;
}

int play_tasukid(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[2] == "--write-engine-config")
    return write_engine_config();
  const std::string path = "/run/tasuki/control.sock";
  ::unlink(path.c_str());
  sockaddr_un address{};
  const Fd listener = unix_socket(path, address);
  if (!listener ||
      ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0)
    return 1;
  wait_for_ever();
}

// `tasuki-keeper say LINE` speaks to the node's watchdog; otherwise the keeper is there and quiet.
int play_keeper(const std::vector<std::string>& arguments) {
  if (arguments[0] != "say") wait_for_ever();
  sockaddr_un address{};
  const Fd socket = unix_socket(kWatchdogSocketInNode, address);
  if (!socket) return 1;
  const std::string line = arguments[1] + "\n";
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  return ::send(socket.get(), line.data(), line.size(), 0) < 0 ? 1 : 0;
}

// `reach ADDRESS`: whether the host is there, because it refuses a connection to a closed port.
int play_reach(const std::vector<std::string>& arguments) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(1);
  ::inet_pton(AF_INET, arguments[0].c_str(), &address.sin_addr);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno == ENETUNREACH)
    return 1;
  pollfd entry{socket.get(), POLLOUT, 0};
  int problem = 0;
  socklen_t size = sizeof problem;
  if (::poll(&entry, 1, 500) != 1) return 1;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem == ECONNREFUSED ? 0 : 1;
}

// --- the labs ---

struct Finished {
  int status = -1;
  std::string output;
};

Finished run_shell(const std::string& command) {
  Finished run;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    run.output.append(buffer, got);
  run.status = WEXITSTATUS(::pclose(pipe));
  return run;
}

std::string why_not() {
  if (::geteuid() != 0) return "labs need root";
  if (::access("/dev/loop-control", R_OK | W_OK) != 0) return "there are no loop devices here";
  for (const char* program : {"corosync", "ip", "nft", "mkfs.ext4"})
    if (run_shell(fmt::format("command -v {}", program)).status != 0)
      return fmt::format("{} is not installed", program);
  if (run_shell("unshare --net --mount --pid --fork true").status != 0)
    return "namespaces are not allowed here";
  return {};
}

constexpr std::string_view kConfig = R"(
[cluster]
name = "labtest"
[[node]]
name = "sv1"
id = 1
addresses = ["10.77.0.1"]
[[node]]
name = "sv2"
id = 2
addresses = ["10.77.0.2"]
[[group]]
name = "group1"
policy = ["sv1", "sv2"]
[[group.partition]]
device = "/dev/sdb1"
mount_point = "/mnt/lab-test"
filesystem = "ext4"
guard = "none"
)";

bool comes_true(const std::function<bool()>& claim, std::chrono::milliseconds limit = 20s) {
  const auto deadline = Clock::now() + limit;
  while (!claim())
    if (Clock::now() > deadline) return false;
  return true;
}

// The programs under their names, in a folder that goes when the tests end.
class Workshop {
 public:
  Workshop() {
    folder_ = make_test_folder();
    fs::create_directory(folder_ + "/bin");
    fs::copy_file("/proc/self/exe", folder_ + "/bin/tasuki");
    for (const char* program : {"tasukid", "tasuki-keeper", "fence_tasuki_lab", "reach"})
      fs::create_hard_link(folder_ + "/bin/tasuki", folder_ + "/bin/" + program);
    std::ofstream(folder_ + "/cluster.toml") << kConfig;
  }
  ~Workshop() { fs::remove_all(folder_); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

class Lab {
 public:
  Lab(const Workshop& workshop, const std::string& name)
      : workshop_(workshop.folder()), folder_(workshop_ + "/" + name) {}
  ~Lab() { [[maybe_unused]] const auto down = verb("down"); }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] Finished up() const {
    return verb("up", workshop_ + "/cluster.toml --disk-size 32");
  }
  [[nodiscard]] Finished verb(const std::string& name, const std::string& arguments = {}) const {
    return run_shell(
        fmt::format("{}/bin/tasuki lab {} --dir {} {}", workshop_, name, folder_, arguments));
  }
  [[nodiscard]] Finished in(const std::string& host, const std::string& command) const {
    return verb("exec", fmt::format("{} -- {}", host, command));
  }
  [[nodiscard]] bool reaches(const std::string& from, const std::string& address) const {
    return in(from, "reach " + address).status == 0;
  }
  [[nodiscard]] Json status(const std::string& host) const {
    const Json all = Json::parse(verb("status", "--json").output, nullptr, false);
    if (all.is_object())
      for (const auto& entry : all.at("hosts"))
        if (entry.at("name") == host) return entry;
    return Json::object();
  }
  [[nodiscard]] std::string state(const std::string& host) const {
    return status(host).value("state", "");
  }
  [[nodiscard]] std::string log() const { return read_file(folder_ + "/lab.log").value_or(""); }
  [[nodiscard]] const std::string& folder() const { return folder_; }

  [[nodiscard]] std::string cgroup() const {
    return Json::parse(read_file(folder_ + "/lab.json").value_or("{}")).value("cgroup", "");
  }
  [[nodiscard]] pid_t guardian() const {
    return Json::parse(read_file(folder_ + "/lab.json").value_or("{}")).value("guardian", 0);
  }
  [[nodiscard]] pid_t supervisor() const {
    const auto pid = guardian();
    return std::stoi(read_file(fmt::format("/proc/{0}/task/{0}/children", pid)).value_or("0"));
  }

 private:
  std::string workshop_;
  std::string folder_;
};

// A file system in memory at the folder, as long as this lives.
class OwnFileSystem {
 public:
  explicit OwnFileSystem(std::string folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, nullptr) == 0;
    EXPECT_TRUE(mounted_);
  }
  ~OwnFileSystem() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  OwnFileSystem(const OwnFileSystem&) = delete;
  OwnFileSystem& operator=(const OwnFileSystem&) = delete;

 private:
  std::string folder_;
  bool mounted_ = false;
};

// Processes of the lab: those of our programs' folder and those in its cgroup.
std::vector<std::string> processes_of(const Workshop& workshop, const std::string& cgroup) {
  std::vector<std::string> found;
  const std::string name = fs::path(cgroup).filename().string();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto exe = fs::read_symlink(entry.path() / "exe", error).string();
    const auto groups = read_file((entry.path() / "cgroup").string()).value_or("");
    if (exe.starts_with(workshop.folder()) || groups.contains("/" + name + "/"))
      found.push_back(entry.path().string() + " " + exe);
  }
  return found;
}

void expect_nothing_left(const Workshop& workshop, const Lab& lab, const std::string& cgroup) {
  EXPECT_THAT(processes_of(workshop, cgroup), IsEmpty());
  EXPECT_THAT(find_leftovers(lab.folder()), IsEmpty());
  EXPECT_FALSE(fs::exists(cgroup)) << cgroup;
  EXPECT_FALSE(fs::exists(lab.folder() + "/control.sock"));
}

class LabTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = why_not(); !reason.empty()) GTEST_SKIP() << reason;
  }
};

// One lab for all tests that leave it as they found it.
class RunningLab : public LabTest {
 protected:
  static void SetUpTestSuite() {
    if (!why_not().empty()) return;
    workshop_ = std::make_unique<Workshop>();
    lab_ = std::make_unique<Lab>(*workshop_, "shared");
    up_ = lab_->up();
  }
  static void TearDownTestSuite() {
    lab_.reset();
    workshop_.reset();
  }
  void SetUp() override {
    LabTest::SetUp();
    if (!IsSkipped()) ASSERT_EQ(up_.status, 0) << up_.output << (lab_ ? lab_->log() : "");
  }
  static bool all_on() {
    return comes_true([] { return lab_->state("sv1") == "on" && lab_->state("sv2") == "on"; });
  }

  static inline std::unique_ptr<Workshop> workshop_;
  static inline std::unique_ptr<Lab> lab_;
  static inline Finished up_;
};

TEST_F(RunningLab, ConnectsItsHosts) {
  EXPECT_TRUE(lab_->reaches("sv1", "10.77.0.2"));
  EXPECT_TRUE(lab_->reaches("client", "10.77.0.1"));
}

TEST_F(RunningLab, RunsCorosyncInEveryNode) {
  EXPECT_TRUE(comes_true([] {
    return lab_->in("sv1", "corosync-quorumtool -s").output.contains("Quorate:          Yes");
  })) << lab_->in("sv1", "corosync-quorumtool -s").output;
}

TEST_F(RunningLab, PassesOnTheStatusAndTheOutputOfACommand) {
  const auto run = lab_->in("sv1", "sh -c 'hostname; exit 7'");
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.output, "sv1\n");
  EXPECT_EQ(lab_->in("sv1", "sh -c 'kill -9 $$'").status, 128 + SIGKILL);
  EXPECT_EQ(lab_->in("nobody", "true").status, 1);
}

TEST_F(RunningLab, ShowsACommandOnceToTheHostThatItRunsIn) {
  EXPECT_EQ(lab_->in("sv1", "pgrep -f words-of-this-command").output, "");
}

TEST_F(RunningLab, KeepsTheChangesOfANodeFromTheMachineAndTheOtherNode) {
  EXPECT_EQ(lab_->in("sv1", "sh -c 'mkdir -p /srv/of-sv1 && echo x > /etc/tasuki-of-sv1'").status,
            0);
  EXPECT_FALSE(fs::exists("/srv/of-sv1"));
  EXPECT_FALSE(fs::exists("/etc/tasuki-of-sv1"));
  EXPECT_NE(lab_->in("sv2", "test -e /etc/tasuki-of-sv1").status, 0);
}

TEST_F(RunningLab, ShowsWhatLiesBesideTheConfigurationInANodesOwnTmp) {
  const std::string beside = workshop_->folder() + "/beside";
  std::ofstream(beside) << "seen";
  EXPECT_EQ(lab_->in("sv1", "cat " + beside).output, "seen");
  EXPECT_NE(lab_->in("sv1", "touch " + beside).status, 0);
}

TEST_F(RunningLab, DoesNotNumberTheProcessesOfEachHostFromOne) {
  for (const char* host : {"sv1", "sv2"})
    EXPECT_GT(std::stoi(lab_->in(host, "sh -c 'echo $$'").output), 1'000);
}

TEST_F(RunningLab, CannotReachWhatWouldResetTheMachine) {
  EXPECT_EQ(lab_->in("sv1", "sh -c 'ls /dev | grep watchdog'").output, "");
  EXPECT_NE(lab_->in("sv1", "mknod /dev/watchdog c 10 130").status, 0);
  EXPECT_NE(lab_->in("sv1", "test -w /sys/power/state").status, 0);
  EXPECT_NE(lab_->in("sv1", "test -w /proc/sys/kernel/panic").status, 0);
  EXPECT_EQ(lab_->in("sv1", "test -w /proc/sys/net/ipv4/ip_forward").status, 0);
  EXPECT_EQ(lab_->in("sv1",
                     "sh -c '! [ -e /proc/sysrq-trigger ] || "
                     "[ \"$(stat -c %t:%T /proc/sysrq-trigger)\" = 1:3 ]'")
                .status,
            0);
  // CAP_SYS_BOOT is bit 22.
  EXPECT_EQ(lab_->in("sv1",
                     "sh -c 'caps=$(sed -n \"s/CapBnd:\\t//p\" /proc/self/status); "
                     "test $(( 0x$caps >> 22 & 1 )) = 0'")
                .status,
            0);
}

TEST_F(RunningLab, SharesADiskThroughALoopDeviceForEachNode) {
  const auto mounted = "sh -c 'mkdir -p /mnt/x && mount /dev/sdb1 /mnt/x && ";
  EXPECT_EQ(lab_->in("sv1", std::string(mounted) + "echo one > /mnt/x/f && umount /mnt/x'").status,
            0);
  EXPECT_EQ(lab_->in("sv2", std::string(mounted) + "cat /mnt/x/f && umount /mnt/x'").output,
            "one\n");
  EXPECT_NE(lab_->status("sv1")["disks"][0]["loop"], lab_->status("sv2")["disks"][0]["loop"]);
}

TEST_F(RunningLab, LosesWhatWasNotSyncedWhenANodeIsKilled) {
  ASSERT_EQ(lab_->in("sv1",
                     "sh -c 'mkdir -p /mnt/x && mount /dev/sdb1 /mnt/x && "
                     "echo kept > /mnt/x/synced && sync /mnt/x/synced && "
                     "echo lost > /mnt/x/unsynced && (setsid sleep 1000 > /mnt/x/open 2>&1 &)'")
                .status,
            0);
  EXPECT_EQ(lab_->verb("kill", "sv1").status, 0);
  EXPECT_EQ(lab_->state("sv1"), "off");
  EXPECT_FALSE(lab_->reaches("sv2", "10.77.0.1"));
  const auto seen = lab_->in("sv2",
                             "sh -c 'mkdir -p /mnt/x && mount /dev/sdb1 /mnt/x && "
                             "cat /mnt/x/synced && cat /mnt/x/unsynced; umount /mnt/x'");
  EXPECT_THAT(seen.output, HasSubstr("kept"));
  EXPECT_THAT(seen.output, testing::Not(HasSubstr("lost")));
  EXPECT_EQ(lab_->verb("start", "sv1").status, 0);
  EXPECT_TRUE(comes_true([] { return lab_->reaches("sv2", "10.77.0.1"); }));
}

TEST_F(RunningLab, CutsAndHealsTheNetwork) {
  EXPECT_EQ(lab_->verb("cut", "sv1 sv2").status, 0);
  EXPECT_FALSE(lab_->reaches("sv1", "10.77.0.2"));
  EXPECT_TRUE(lab_->reaches("client", "10.77.0.1"));
  EXPECT_EQ(lab_->verb("heal").status, 0);
  EXPECT_TRUE(lab_->reaches("sv1", "10.77.0.2"));
  EXPECT_EQ(lab_->verb("cut", "sv2").status, 0);
  EXPECT_FALSE(lab_->reaches("client", "10.77.0.2"));
  EXPECT_EQ(lab_->verb("heal").status, 0);
  EXPECT_TRUE(comes_true([] { return lab_->reaches("client", "10.77.0.2"); }));
}

TEST_F(RunningLab, CutsOneDirection) {
  // The client's question arrives; the answer does not.
  EXPECT_EQ(lab_->verb("cut", "sv1 client --one-way").status, 0);
  const auto rules = Json::parse(lab_->verb("status", "--json").output).at("cuts");
  EXPECT_EQ(rules, (Json{{{"from", "sv1"}, {"to", "client"}}}));
  EXPECT_FALSE(lab_->reaches("client", "10.77.0.1"));
  EXPECT_EQ(lab_->verb("heal").status, 0);
  EXPECT_TRUE(lab_->reaches("client", "10.77.0.1"));
}

TEST_F(RunningLab, SwitchesPowerForAFenceAgentInANode) {
  const auto agent = [&](const std::string& action) {
    return lab_
        ->in("sv2",
             fmt::format("sh -c 'printf \"action={}\\nplug=sv1\\n\" | fence_tasuki_lab'", action))
        .status;
  };
  EXPECT_EQ(agent("status"), 0);
  EXPECT_EQ(agent("off"), 0);
  EXPECT_EQ(agent("status"), 2);
  EXPECT_EQ(lab_->state("sv1"), "off");
  EXPECT_EQ(agent("on"), 0);
  EXPECT_EQ(agent("status"), 0);
  EXPECT_EQ(agent("monitor"), 0);
}

TEST_F(RunningLab, StartsANodeAgainThatAskedForAReset) {
  ASSERT_EQ(lab_->in("sv1", "touch /run/of-the-old-life").status, 0);
  // Its status is not told: the node may be gone first.
  [[maybe_unused]] const auto said = lab_->in("sv1", "tasuki-keeper say 'reset disk hangs'");
  EXPECT_TRUE(comes_true([] { return lab_->state("sv1") != "on"; }));
  EXPECT_TRUE(all_on());
  EXPECT_NE(lab_->in("sv1", "test -e /run/of-the-old-life").status, 0);
  EXPECT_THAT(lab_->log(), HasSubstr("asked by the node: disk hangs"));
}

TEST_F(RunningLab, ResetsAFrozenNodeByItsWatchdog) {
  EXPECT_EQ(lab_->in("sv1", "tasuki-keeper say 'pet 700'").status, 0);
  EXPECT_EQ(lab_->verb("freeze", "sv1").status, 0);
  EXPECT_EQ(lab_->in("sv1", "true").status, 1);
  EXPECT_TRUE(comes_true([] { return lab_->state("sv1") == "rebooting"; }));
  EXPECT_TRUE(all_on());
  EXPECT_THAT(lab_->log(), HasSubstr("its watchdog ran out"));
}

TEST_F(RunningLab, StopsTheWatchdogOfAPausedNode) {
  EXPECT_EQ(lab_->in("sv1", "tasuki-keeper say 'pet 60000'").status, 0);
  EXPECT_EQ(lab_->verb("freeze", "sv1 --paused").status, 0);
  const auto left = lab_->status("sv1")["watchdog_left_ms"].get<int>();
  EXPECT_EQ(lab_->status("sv1")["watchdog_left_ms"].get<int>(), left);
  EXPECT_THAT(lab_->verb("status").output, HasSubstr("watchdog stopped"));
  EXPECT_EQ(lab_->verb("thaw", "sv1").status, 0);
  EXPECT_LT(lab_->status("sv1")["watchdog_left_ms"].get<int>(), left);
  EXPECT_EQ(lab_->in("sv1", "tasuki-keeper say disarm").status, 0);
  EXPECT_TRUE(comes_true([] { return lab_->status("sv1")["watchdog_left_ms"].is_null(); }));
}

TEST_F(RunningLab, StartsANodeAgainWhoseKeeperDied) {
  const auto keeper = [] { return lab_->in("sv1", "sh -c 'pidof tasuki-keeper'").output; };
  ASSERT_FALSE(keeper().empty());
  [[maybe_unused]] const auto killed = lab_->in("sv1", "sh -c 'kill -9 $(pidof tasuki-keeper)'");
  EXPECT_TRUE(comes_true([] { return lab_->state("sv1") != "on"; }));
  EXPECT_TRUE(all_on());
  EXPECT_THAT(lab_->log(), HasSubstr("its keeper ended"));
}

TEST_F(RunningLab, StartsADeadDaemonAgain) {
  const auto pid = [] { return lab_->in("sv1", "pidof tasukid").output; };
  const auto before = pid();
  ASSERT_EQ(lab_->in("sv1", "kill -9 " + std::string(trim(before))).status, 0);
  EXPECT_TRUE(comes_true([&] { return !pid().empty() && pid() != before; }));
}

TEST_F(RunningLab, CommandsEndWithTheirHostAndHoldNothing) {
  std::FILE* command =
      ::popen(fmt::format("{}/bin/tasuki lab exec --dir {} sv1 -- sh -c 'echo up; sleep 1000' 2>&1",
                          workshop_->folder(), lab_->folder())
                  .c_str(),
              "r");
  ASSERT_NE(command, nullptr);
  char line[16] = {};
  ASSERT_NE(std::fgets(line, sizeof line, command), nullptr);
  EXPECT_EQ(lab_->verb("kill", "sv1").status, 0);
  EXPECT_EQ(WEXITSTATUS(::pclose(command)), 1);
  EXPECT_EQ(lab_->verb("start", "sv1").status, 0);
}

TEST_F(LabTest, TwoLabsWithTheSameAddressesRunAtOnceAndLeaveNothing) {
  const Workshop workshop;
  const Lab first(workshop, "first");
  const Lab second(workshop, "second");
  ASSERT_EQ(first.up().status, 0) << first.log();
  ASSERT_EQ(second.up().status, 0) << second.log();
  EXPECT_EQ(first.up().status, 1);
  EXPECT_EQ(second.verb("kill", "sv2").status, 0);
  EXPECT_TRUE(first.reaches("sv1", "10.77.0.2"));
  EXPECT_FALSE(second.reaches("sv1", "10.77.0.2"));
  const auto cgroups = {first.cgroup(), second.cgroup()};
  EXPECT_EQ(first.verb("down").status, 0);
  const auto down = second.verb("down");
  EXPECT_EQ(down.status, 0) << down.output;
  for (const auto& cgroup : cgroups) {
    expect_nothing_left(workshop, first, cgroup);
    expect_nothing_left(workshop, second, cgroup);
  }
  EXPECT_EQ(second.verb("status").status, 1);
}

TEST_F(LabTest, LeavesNothingWhenTheSupervisorIsKilled) {
  const Workshop workshop;
  const Lab lab(workshop, "lab");
  ASSERT_EQ(lab.up().status, 0) << lab.log();
  ASSERT_EQ(lab.in("sv1", "sh -c 'mkdir -p /mnt/x && mount /dev/sdb1 /mnt/x'").status, 0);
  const auto cgroup = lab.cgroup();
  ASSERT_EQ(::kill(lab.supervisor(), SIGKILL), 0);
  EXPECT_TRUE(comes_true([&] { return processes_of(workshop, cgroup).empty(); }));
  expect_nothing_left(workshop, lab, cgroup);
}

TEST_F(LabTest, EndsInOrderWhenItsGuardianIsKilled) {
  const Workshop workshop;
  const Lab lab(workshop, "lab");
  ASSERT_EQ(lab.up().status, 0) << lab.log();
  const auto cgroup = lab.cgroup();
  ASSERT_EQ(::kill(lab.guardian(), SIGKILL), 0);
  EXPECT_TRUE(comes_true([&] { return processes_of(workshop, cgroup).empty(); }));
  expect_nothing_left(workshop, lab, cgroup);
}

TEST_F(LabTest, SweepsUpAfterBothWereKilledAtOnce) {
  const Workshop workshop;
  // On a file system of its own, of which the kernel forgets the place with the lab's mounts.
  const OwnFileSystem memory(workshop.folder() + "/lab");
  const Lab lab(workshop, "lab");
  ASSERT_EQ(lab.up().status, 0) << lab.log();
  const auto cgroup = lab.cgroup();
  const auto supervisor = lab.supervisor();
  ASSERT_EQ(::kill(lab.guardian(), SIGKILL), 0);
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  EXPECT_TRUE(comes_true([&] { return processes_of(workshop, cgroup).empty(); }));
  EXPECT_THAT(find_leftovers(lab.folder()), SizeIs(3)) << "two loop devices and the cgroup";
  const auto down = lab.verb("down");
  EXPECT_EQ(down.status, 0) << down.output;
  EXPECT_THAT(down.output, HasSubstr("was killed"));
  expect_nothing_left(workshop, lab, cgroup);
  EXPECT_EQ(lab.verb("down").status, 1) << "there is nothing any more";
}

TEST_F(LabTest, GoesOnWhenNobodyReadsItsProgress) {
  const Workshop workshop;
  const Lab lab(workshop, "lab");
  const auto up = run_shell(fmt::format(
      "bash -c 'set -o pipefail; {0}/bin/tasuki lab up --dir {1} --disk-size 32 {0}/cluster.toml | "
      "head -n 1'",
      workshop.folder(), lab.folder()));
  EXPECT_EQ(up.status, 0) << up.output << lab.log();
  EXPECT_EQ(lab.state("sv2"), "on");
}

// As a tasukid keeps it that has applied the text.
void keep_applied(const Lab& lab, const std::string& node, uint64_t counter,
                  const std::string& text) {
  proto::StateFile state;
  state.durable.applied.counter = counter;
  state.durable.applied.text = text;
  std::ofstream(fmt::format("{}/nodes/{}/state/state.json", lab.folder(), node))
      << proto::encode_state_file(state);
}

TEST_F(LabTest, RefusesAFileThatItsNodesWouldIgnore) {
  const Workshop workshop;
  const Lab lab(workshop, "lab");
  const auto give = [&](const std::string& text) {
    std::ofstream(workshop.folder() + "/cluster.toml") << text;
    return lab.up();
  };
  const std::string first(kConfig);
  ASSERT_EQ(give(first).status, 0) << lab.log();
  keep_applied(lab, "sv1", 1, first);
  keep_applied(lab, "sv2", 2, first + "# 2");
  ASSERT_EQ(lab.verb("down").status, 0);

  const auto refused = give(first + "# 3");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("--fresh"), HasSubstr("tasuki config apply")));
  EXPECT_THAT(find_leftovers(lab.folder()), IsEmpty());
  EXPECT_EQ(give(first).status, 0) << "what it was last brought up with";
  ASSERT_EQ(lab.verb("down").status, 0);
  EXPECT_EQ(give(first + "# 2").status, 0) << "what was applied last";
  ASSERT_EQ(lab.verb("down").status, 0);
  EXPECT_EQ(give(first).status, 1);
  EXPECT_EQ(lab.verb("up", workshop.folder() + "/cluster.toml --fresh --disk-size 32").status, 0);
}

TEST_F(LabTest, MakesNothingFromAConfigurationWithMistakes) {
  const Workshop workshop;
  const Lab lab(workshop, "lab");
  std::ofstream(workshop.folder() + "/cluster.toml") << "[cluster]\nnaem = \"x\"\n";
  const auto up = lab.up();
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.output, HasSubstr("cluster.toml:2:"));
  EXPECT_FALSE(fs::exists(lab.folder()));
}

}  // namespace
}  // namespace tasuki::lab

int main(int argc, char** argv) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (name == "tasuki") return tasuki::lab::play_tasuki({arguments.rbegin(), arguments.rend() - 1});
  if (name == "tasukid") return tasuki::lab::play_tasukid(arguments);
  if (name == "tasuki-keeper") return tasuki::lab::play_keeper(arguments);
  if (name == "reach") return tasuki::lab::play_reach(arguments);
  if (name == "fence_tasuki_lab")
    return tasuki::lab::run_fence_agent(name, std::cin, std::cout, std::cerr);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
