#include "cluster/membership/test_node.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "cluster/membership/corosync_conf.hpp"
#include "cluster/membership/engine.hpp"
#include "kit/file.hpp"

namespace tasuki::membership {
namespace {

using namespace std::chrono_literals;

constexpr auto kConfPath = "/run/tasuki/corosync.conf";
constexpr auto kCorosync = "/usr/sbin/corosync";
// Everything waited for takes seconds at worst; a machine under load is given its time.
constexpr auto kPatience = 30s;
constexpr size_t kPacketBytes = 8192;

void check(bool worked, const std::string& what) {
  if (!worked) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

void shell(const std::string& command) {
  check(std::system(command.c_str()) == 0, command);
}

int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / 1ns;
}

std::array<Fd, 2> packet_pair() {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) == 0, "socketpair");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::optional<std::string> receive(int socket) {
  std::string packet(kPacketBytes, '\0');
  const ssize_t size = ::recv(socket, packet.data(), packet.size(), 0);
  if (size <= 0) return std::nullopt;
  packet.resize(static_cast<size_t>(size));
  return packet;
}

void transmit(int socket, const std::string& packet) {
  check(::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0, "send");
}

// The member: an engine that says what it is told to say and reports what it hears.
class Member {
 public:
  Member(int says, int reports) : says_(context_, says), reports_(reports) {}

  void run() {
    engine_->start({
        .membership_changed =
            [this](const Membership& membership) {
              report({{"what", "membership"},
                      {"ring", membership.ring.sequence},
                      {"quorate", membership.quorate},
                      {"members", numbers(membership.members)},
                      {"nodes", numbers(membership.nodes)}});
            },
        .delivered =
            [this](core::NodeId from, std::string_view message) {
              const size_t space = message.find(' ');
              const size_t end = message.find('~');
              report({{"what", "message"},
                      {"from", from.value},
                      {"said_at", std::stoll(std::string(message.substr(0, space)))},
                      {"text", message.substr(space + 1, end - space - 1)},
                      {"bytes", message.size()}});
            },
        .lost = [this](const std::string& why) { report({{"what", "lost"}, {"why", why}}); },
    });
    listen();
    context_.run();
  }

 private:
  void listen() {
    says_.async_wait(asio::posix::stream_descriptor::wait_read, [this](auto) {
      const Json say = Json::parse(receive(says_.native_handle()).value());
      for (int number = 0; number < say["count"]; ++number) {
        std::string message =
            fmt::format("{} {}-{}~", now_ns(), say["text"].get<std::string>(), number);
        message.resize(std::max(message.size(), say["bytes"].get<size_t>()), '~');
        engine_->send(std::move(message));
      }
      listen();
    });
  }

  void report(Json what) const {
    what["at"] = now_ns();
    transmit(reports_, what.dump());
  }

  static std::vector<uint32_t> numbers(const std::vector<core::NodeId>& ids) {
    std::vector<uint32_t> result;
    for (const core::NodeId id : ids) result.push_back(id.value);
    return result;
  }

  asio::io_context context_;
  asio::posix::stream_descriptor says_;
  int reports_;
  std::unique_ptr<Engine> engine_ = make_corosync_engine(context_);
};

void mount_private_folders() {
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
  check(::mount("proc", "/proc", "proc", 0, nullptr) == 0, "mount /proc");
  for (const char* folder : {"/run", "/dev/shm", "/var/lib/corosync"})
    check(::mount("tmpfs", folder, "tmpfs", 0, nullptr) == 0, fmt::format("mount {}", folder));
  check(make_folders("/run/tasuki").has_value(), "make /run/tasuki");
}

pid_t spawn(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  check(pid >= 0, "fork");
  if (pid > 0) return pid;
  std::signal(SIGCHLD, SIG_DFL);
  body();
  ::_exit(1);
}

// Pid 1 of a node: starts and kills what it is ordered to. Its children are reaped by the kernel.
void run_init(int orders, const std::string& conf, const std::function<void()>& member) {
  std::signal(SIGCHLD, SIG_IGN);
  mount_private_folders();
  check(replace_file_durably(kConfPath, conf).has_value(), "write corosync.conf");
  pid_t corosync_pid = 0;
  pid_t member_pid = 0;
  while (const auto order = receive(orders)) {
    if (*order == "start-corosync")
      corosync_pid = spawn([] { ::execl(kCorosync, kCorosync, "-f", "-c", kConfPath, nullptr); });
    else if (*order == "kill-corosync")
      ::kill(corosync_pid, SIGKILL);
    else if (*order == "start-member")
      member_pid = spawn(member);
    else if (*order == "kill-member")
      ::kill(member_pid, SIGKILL);
  }
}

}  // namespace

std::optional<std::string> missing_for_test_nodes() {
  if (::geteuid() != 0) return "needs root";
  if (::access(kCorosync, X_OK) != 0) return "needs Corosync (apt install corosync)";
  if (::access("/usr/sbin/ip", X_OK) != 0 && ::access("/sbin/ip", X_OK) != 0)
    return "needs ip (apt install iproute2)";
  const pid_t pid = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0));
  if (pid == 0) ::_exit(0);
  if (pid < 0) return "needs namespaces, which this machine does not allow";
  ::waitpid(pid, nullptr, 0);
  return std::nullopt;
}

// clone(2) without a stack of its own works as fork(2) does.
TestProcess::TestProcess(int namespaces, const std::function<void()>& body)
    : pid_(static_cast<pid_t>(::syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0))) {
  check(pid_ >= 0, "clone");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    body();
  } catch (const std::exception& problem) {
    fmt::print(stderr, "test node: {}\n", problem.what());
  }
  ::_exit(1);
}

TestProcess::~TestProcess() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

TestNode::TestNode(const core::Config& config, core::NodeId id, const TestProcess& bridge,
                   const std::string& folder) {
  auto [orders, its_orders] = packet_pair();
  auto [says, its_says] = packet_pair();
  auto [reports, its_reports] = packet_pair();
  orders_ = std::move(orders);
  says_ = std::move(says);
  reports_ = std::move(reports);
  const std::string conf =
      corosync_conf(config, core::derive_timing(config).value(),
                    {.authkey = folder + "/authkey", .log = fmt::format("{}/{}.log", folder, id)});
  init_.emplace(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS, [&] {
    run_init(its_orders.get(), conf, [&] { Member(its_says.get(), its_reports.get()).run(); });
  });
  // The port of a node that died goes away some time after it, so each has a name of its own. The
  // card's address stays, as a server's does: the other node would write to the old one for
  // seconds.
  static int ports = 0;
  const pid_t init = init_->pid();
  shell(
      fmt::format("nsenter -t {0} -n ip link add port{1} type veth peer name eth0 address "
                  "02:00:00:00:00:{4:02} netns {2} && "
                  "nsenter -t {0} -n ip link set port{1} master br0 up && "
                  "nsenter -t {2} -n ip address add {3}/24 dev eth0 && "
                  "nsenter -t {2} -n ip link set eth0 up && nsenter -t {2} -n ip link set lo up",
                  bridge.pid(), ++ports, init, config.find_node(id)->addresses.front(), id.value));
  start_corosync();
  start_member();
}

void TestNode::order(const std::string& text) const {
  transmit(orders_.get(), text);
}

void TestNode::say(const std::string& text, int count, size_t bytes) {
  transmit(says_.get(), Json{{"text", text}, {"count", count}, {"bytes", bytes}}.dump());
}

std::optional<Json> TestNode::read_report(std::chrono::milliseconds limit) {
  pollfd wait{reports_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(limit.count())) != 1) return std::nullopt;
  Json report = Json::parse(receive(reports_.get()).value());
  if (report["what"] == "message") messages_.push_back(report);
  return report;
}

Json TestNode::wait_until(const std::string& description,
                          const std::function<bool(const Json&)>& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline)
    if (const auto report = read_report(100ms); report && wanted(*report)) return *report;
  throw std::runtime_error("waited in vain for " + description);
}

Json TestNode::wait_for_membership(const std::vector<uint32_t>& members,
                                   const std::vector<uint32_t>& nodes, bool quorate) {
  const std::string description =
      Json{{"members", members}, {"nodes", nodes}, {"quorate", quorate}}.dump();
  return wait_until(description, [&](const Json& report) {
    return report["what"] == "membership" && report["members"] == members &&
           report["nodes"] == nodes && report["quorate"] == quorate;
  });
}

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "tasuki-corosync-XXXXXX").string()) {
  check(::mkdtemp(path_.data()) != nullptr, "make a folder");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestCluster::TestCluster(const std::vector<uint32_t>& ids, std::chrono::milliseconds detect)
    : bridge_(CLONE_NEWNET, [] { ::pause(); }) {
  check(replace_file_durably(folder_.path() + "/authkey", make_authkey()).has_value(),
        "write the key");
  shell(
      fmt::format("nsenter -t {0} -n ip link add br0 type bridge mcast_snooping 0 && "
                  "nsenter -t {0} -n ip link set br0 up",
                  bridge_.pid()));
  config_.cluster_name = "test";
  config_.timing.detect = detect;
  for (const uint32_t id : ids)
    config_.nodes.push_back({.id = core::NodeId(id),
                             .name = fmt::format("sv{}", id),
                             .addresses = {fmt::format("10.9.0.{}", id)},
                             .fence = {}});
  for (const uint32_t id : ids) boot(id);
}

void TestCluster::boot(uint32_t id) {
  nodes_[id] = std::make_unique<TestNode>(config_, core::NodeId(id), bridge_, folder_.path());
}

void TestCluster::wait_for_messages(size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto lacks = [count](const auto& node) { return node.second->messages().size() < count; };
  while (std::ranges::any_of(nodes_, lacks)) {
    for (const auto& [id, node] : nodes_) node->read_report(1ms);
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(fmt::format("waited in vain for {} messages", count));
  }
}

}  // namespace tasuki::membership
