// In a network namespace of its own, whose loopback device is the link that comes and goes.
#include "cluster/witness/pinger.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "kit/fd.hpp"

namespace tasuki::witness {
namespace {

using namespace std::chrono_literals;

void set_loopback(bool up) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::string_view("lo").copy(request.ifr_name, IFNAMSIZ);
  ASSERT_EQ(::ioctl(socket.get(), SIOCGIFFLAGS, &request), 0);
  request.ifr_flags =
      static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &request), 0);
}

class PingerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0)
      GTEST_SKIP() << "root and network namespaces are needed";
    set_loopback(true);
  }

  void TearDown() override {
    if (outside_) ::setns(outside_.get(), CLONE_NEWNET);
  }

  bool reach(core::milliseconds limit) {
    std::optional<bool> reached;
    asio::co_spawn(io, pinger.reach(limit), [&](const std::exception_ptr&, bool result) {
      reached = result;
      io.stop();
    });
    io.restart();
    io.run_for(30s);
    return reached.value();
  }

  void wait_for_answers(int count) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (answers < count && std::chrono::steady_clock::now() < limit) io.run_one_for(1s);
    ASSERT_GE(answers, count);
  }
  void wait_for_problem(const std::string& problem) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (pinger.problem() != problem && std::chrono::steady_clock::now() < limit)
      io.run_one_for(1s);
    EXPECT_EQ(pinger.problem(), problem);
  }

  asio::io_context io;
  int answers = 0;
  Pinger pinger{io, [this] { ++answers; }};

 private:
  Fd outside_{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
};

TEST_F(PingerTest, reaches_a_host_that_answers) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    pinger.configure({host}, 1h);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(reach(10s)) << host;
    ASSERT_TRUE(pinger.reached());
    EXPECT_GE(*pinger.reached(), begun);
    EXPECT_EQ(pinger.problem(), "");
  }
  EXPECT_GE(answers, 2);
}

TEST_F(PingerTest, is_content_with_one_that_answers) {
  pinger.configure({"192.0.2.1", "127.0.0.1"}, 1h);
  EXPECT_TRUE(reach(10s));
}

TEST_F(PingerTest, tells_within_its_limit_that_nobody_answers) {
  pinger.configure({"127.0.0.1"}, 1h);
  EXPECT_TRUE(reach(10s));
  set_loopback(false);
  EXPECT_FALSE(reach(100ms)) << "an earlier answer says nothing of now";
}

TEST_F(PingerTest, hears_an_answer_that_comes_once_the_link_is_up) {
  set_loopback(false);
  pinger.configure({"127.0.0.1"}, 1h);
  asio::steady_timer up(io, 200ms);
  up.async_wait([](boost::system::error_code) { set_loopback(true); });
  EXPECT_TRUE(reach(10s));
}

TEST_F(PingerTest, asks_again_and_again_and_says_when_nobody_answers) {
  pinger.configure({"127.0.0.1"}, 20ms);
  wait_for_answers(3);
  EXPECT_EQ(pinger.problem(), "");
  set_loopback(false);
  wait_for_problem("127.0.0.1 does not answer");
  set_loopback(true);
  wait_for_problem("");
}

TEST_F(PingerTest, asks_nobody_when_there_is_nobody_to_ask) {
  pinger.configure({"127.0.0.1"}, 20ms);
  pinger.configure({}, 20ms);
  EXPECT_TRUE(reach(0ms));
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(pinger.problem(), "");
}

}  // namespace
}  // namespace tasuki::witness
