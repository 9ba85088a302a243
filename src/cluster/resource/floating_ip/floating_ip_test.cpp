// Floating IPs on real links: two network namespaces joined by a veth pair. "here" is the node
// under test, "peer" a neighbour with the kernel's own answers. Needs root; nothing outlives the
// test, because namespaces end with their last descriptor.
#include "cluster/resource/floating_ip/floating_ip.hpp"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/udp.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cluster/resource/floating_ip/netlink.hpp"
#include "kit/fd.hpp"

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto kLimit = 5s;  // for what should happen at once
const core::FloatingIp kV4 = {.address = "10.9.0.100", .prefix = 0, .interface = ""};
const core::FloatingIp kV6 = {.address = "fd09::100", .prefix = 0, .interface = ""};

std::string host_entry(const core::FloatingIp& floating_ip) {
  const bool v4 = floating_ip.address == kV4.address;
  return floating_ip.address + (v4 ? "/32" : "/128");
}

Fd own_namespace() {
  return Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

Fd new_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) return {};
  return own_namespace();
}

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe)
}

struct FloatingIpTest : testing::Test {
  asio::io_context context;
  Fd outside = own_namespace();
  Fd peer;
  Fd here;
  Fd heard;  // every frame that arrives at the peer
  std::vector<std::string> faults;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "skipped: network namespaces need root";
    peer = new_namespace();
    here = new_namespace();
    if (!peer || !here) GTEST_SKIP() << "skipped: this kernel gives no network namespaces";
    run(fmt::format("ip link add near type veth peer name far netns /proc/self/fd/{}",
                    keep_for_child(peer)));
    set_up_link("near", 1);
    at_peer([this] {
      set_up_link("far", 2);
      heard = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    });
    wait_for_carrier();
  }
  void TearDown() override {
    if (outside) ::setns(outside.get(), CLONE_NEWNET);
  }

  static int keep_for_child(const Fd& fd) {
    ::fcntl(fd.get(), F_SETFD, 0);
    return fd.get();
  }
  static void set_up_link(const std::string& name, int number) {
    run(fmt::format("ip addr add 10.9.0.{}/24 dev {}", number, name));
    run(fmt::format("ip addr add fd09::{}/64 dev {} nodad", number, name));
    run(fmt::format("ip link set {} up", name));
  }
  // The kernel passes on what happened to the other end of a link in its own time.
  static void wait_for_carrier() {
    const auto events = open_network_events().value();
    for (;;) {
      const auto near = find_place(kV4, Netlink::open()->read().value()).value().interface;
      pollfd waiting{.fd = events.get(), .events = POLLIN, .revents = 0};
      if (near.carrier) return;
      ASSERT_EQ(::poll(&waiting, 1, static_cast<int>(kLimit / 1ms)), 1);
      drain_network_events(events.get(), near.index);
    }
  }
  template <class Function>
  void at_peer(Function function) {
    ASSERT_EQ(::setns(peer.get(), CLONE_NEWNET), 0);
    function();
    ASSERT_EQ(::setns(here.get(), CLONE_NEWNET), 0);
  }

  std::unique_ptr<Resource> make(const core::FloatingIp& wanted) {
    return make_floating_ip(context, wanted,
                            [this](std::string reason) { faults.push_back(std::move(reason)); });
  }

  // Runs one call of the resource to its end.
  template <class T>
  T finish(Task<T> task) {
    std::optional<T> value;
    asio::co_spawn(context, std::move(task), [&value](const std::exception_ptr& problem, T result) {
      if (problem) std::rethrow_exception(problem);
      value.emplace(std::move(result));
    });
    run_until([&value] { return value.has_value(); });
    return std::move(value).value();
  }
  template <class Condition>
  void run_until(Condition condition) {
    context.restart();
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!condition() && std::chrono::steady_clock::now() < end) context.run_one_until(end);
  }
  Result<void> start(Resource& resource, bool old_owner_let_go = true) {
    return finish(resource.start({.old_owner_let_go = old_owner_let_go, .environment = {}}));
  }
  Result<void> stop(Resource& resource) { return finish(resource.stop({})); }
  std::string fault() {
    run_until([this] { return !faults.empty(); });
    return faults.size() == 1 ? faults[0] : fmt::format("{} faults", faults.size());
  }

  static bool is_set(const std::string& address) {
    const auto network = Netlink::open()->read().value();
    for (const auto& own : network.addresses)
      if (own.address.to_string() == address) return true;
    return false;
  }

  // Whether the kernel there says that nobody listens on the port: it has the address.
  bool answers(const std::string& address) {
    namespace ip = asio::ip;
    ip::udp::socket socket(context);
    socket.connect({ip::make_address(address), 9});
    socket.send(asio::buffer("?", 1));
    pollfd waiting{.fd = socket.native_handle(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(kLimit / 1ms));
    char none = 0;
    boost::system::error_code refused;
    socket.receive(asio::buffer(&none, 1), 0, refused);
    return refused == asio::error::connection_refused;
  }

  // How often somebody else's claim of the address has arrived at the peer so far.
  int claims_heard(const std::string& address) const {
    int claims = 0;
    std::array<uint8_t, 2048> buffer{};
    for (;;) {
      const ssize_t got = ::recv(heard.get(), buffer.data(), buffer.size(), 0);
      if (got < 0) return claims;
      const std::span frame(buffer.data(), static_cast<size_t>(got));
      if (find_claimant(frame, {}, boost::asio::ip::make_address(address))) ++claims;
    }
  }
};

struct FloatingIpOfEachKind : FloatingIpTest, testing::WithParamInterface<core::FloatingIp> {};
INSTANTIATE_TEST_SUITE_P(, FloatingIpOfEachKind, testing::Values(kV4, kV6),
                         [](const auto& kind) { return kind.index == 0 ? "v4" : "v6"; });

TEST_P(FloatingIpOfEachKind, is_set_and_announced_when_the_start_returns) {
  auto resource = make(GetParam());
  const auto started = start(*resource);
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_TRUE(is_set(GetParam().address));
  EXPECT_GE(claims_heard(GetParam().address), 1);
}

TEST_P(FloatingIpOfEachKind, is_announced_again_for_those_who_missed_it) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  claims_heard(GetParam().address);
  int again = 0;
  run_until([&] { return (again += claims_heard(GetParam().address)) >= 2; });
  EXPECT_GE(again, 2);
}

TEST_P(FloatingIpOfEachKind, answers_the_neighbours_at_once) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  at_peer([this] { EXPECT_TRUE(answers(GetParam().address)); });
}

TEST_P(FloatingIpOfEachKind, is_gone_after_the_stop_and_the_nodes_own_address_and_routes_are_not) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  ASSERT_TRUE(stop(*resource));
  EXPECT_FALSE(is_set(GetParam().address));
  run("ip route get 10.9.0.2 | grep -q 'dev near src 10.9.0.1'");
  run("ip route get fd09::2 | grep -q 'dev near .*src fd09::1'");
  run_until([] { return true; });
  EXPECT_TRUE(faults.empty());
}

TEST_P(FloatingIpOfEachKind, stays_when_the_nodes_own_address_is_taken_away) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  run("ip addr del 10.9.0.1/24 dev near && ip addr del fd09::1/64 dev near");
  EXPECT_TRUE(is_set(GetParam().address));
}

TEST_P(FloatingIpOfEachKind, is_no_source_of_what_the_node_sends_by_itself) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  run("ip route get 10.9.0.2 | grep -q 'src 10.9.0.1'");
  run("ip route get fd09::2 | grep -q 'src fd09::1'");
}

TEST_P(FloatingIpOfEachKind, that_another_machine_has_is_refused_with_its_mac) {
  std::string mac;
  at_peer([&mac] {
    // IPv4 knows no nodad, and says so.
    run(fmt::format("ip addr add {} dev far nodad 2>/dev/null", host_entry(GetParam())));
    mac = format_mac(Netlink::open()->read()->interfaces.back().mac);
  });
  auto resource = make(GetParam());
  const auto started = start(*resource, false);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("in use by another machine on near"));
  EXPECT_THAT(started.error().what, HasSubstr(mac));
  EXPECT_FALSE(is_set(GetParam().address));
}

TEST_P(FloatingIpOfEachKind, that_nobody_has_starts_after_the_probe) {
  auto resource = make(GetParam());
  const auto begin = std::chrono::steady_clock::now();
  const auto started = start(*resource, false);
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(started) << started.error().what;
  EXPECT_GE(took, 200ms);
}

TEST_P(FloatingIpOfEachKind, removed_by_hand_is_a_fault_once) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  run(fmt::format("ip addr del {} dev near", host_entry(GetParam())));
  EXPECT_THAT(fault(), HasSubstr(GetParam().address + " was removed from near"));
  run("ip link set near down");
  run_until([] { return true; });
  EXPECT_EQ(faults.size(), 1U);
  EXPECT_TRUE(stop(*resource));
}

TEST_P(FloatingIpOfEachKind, on_an_interface_set_down_is_a_fault) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  run("ip link set near down");
  EXPECT_THAT(fault(), HasSubstr("near is set down"));
}

TEST_P(FloatingIpOfEachKind, on_an_interface_without_carrier_is_a_fault) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  at_peer([] { run("ip link set far down"); });
  EXPECT_THAT(fault(), HasSubstr("near has no carrier"));
  EXPECT_TRUE(stop(*resource));
  EXPECT_THAT(start(*resource).error().what, HasSubstr("near has no carrier"));
}

TEST_P(FloatingIpOfEachKind, on_an_interface_that_is_taken_away_is_a_fault_and_stops_well) {
  auto resource = make(GetParam());
  ASSERT_TRUE(start(*resource));
  run("ip link del near");
  EXPECT_THAT(fault(), HasSubstr("near is gone"));
  EXPECT_TRUE(stop(*resource));
}

TEST_P(FloatingIpOfEachKind, that_is_up_is_adopted_announced_and_watched) {
  {
    auto before = make(GetParam());
    ASSERT_TRUE(start(*before));
  }
  claims_heard(GetParam().address);
  auto after = make(GetParam());
  const auto adopted = finish(after->adopt());
  ASSERT_TRUE(adopted);
  EXPECT_TRUE(*adopted);
  EXPECT_GE(claims_heard(GetParam().address), 1);
  run(fmt::format("ip addr del {} dev near", host_entry(GetParam())));
  EXPECT_THAT(fault(), HasSubstr("was removed"));
}

TEST_P(FloatingIpOfEachKind, that_is_not_up_is_not_adopted_and_stops_well) {
  auto resource = make(GetParam());
  EXPECT_FALSE(finish(resource->adopt()).value());
  EXPECT_TRUE(stop(*resource));
}

TEST_F(FloatingIpTest, in_the_nodes_own_configuration_is_refused_and_left_alone) {
  run("ip addr add 10.9.0.100/24 dev near");
  auto resource = make(kV4);
  EXPECT_THAT(start(*resource).error().what,
              HasSubstr("10.9.0.100/24 is set on near already, but not by Tasuki"));
  EXPECT_TRUE(stop(*resource));
  EXPECT_TRUE(is_set("10.9.0.100"));
}

TEST_F(FloatingIpTest, the_keeper_is_told_the_entry_to_remove) {
  const auto releases = make(kV4)->releases();
  ASSERT_TRUE(releases);
  EXPECT_EQ(*releases,
            (std::vector<process::Release>{process::ReleaseAddress{"near", "10.9.0.100", 32}}));
}

}  // namespace
}  // namespace tasuki::resource
