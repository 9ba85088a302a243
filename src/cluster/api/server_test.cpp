// The server and the client against each other over a real socket.
#include "cluster/api/server.hpp"

#include <cstring>
#include <filesystem>
#include <future>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>

#include "cluster/api/client.hpp"
#include "cluster/api/router.hpp"
#include "kit/assert.hpp"
#include "kit/fd.hpp"
#include "kit/file.hpp"
#include "kit/test_folder.hpp"

namespace tasuki::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

Task<Response> echo(Request request) {
  co_return Response{200,
                     {{"name", request.parameters.at("name")},
                      {"to", request.body.at("to")},
                      {"uid", request.peer_uid}}};
}

Task<Response> greet(Request) {
  co_return Response{200, {{"text", "caf\xe9"}}};
}

Task<Response> answer_late(std::promise<void>& started) {
  started.set_value();
  co_await wait_for(50ms);
  co_return Response{200, {{"late", true}}};
}

Task<void> count_to_three(Request, EventWriter& writer) {
  for (int i = 1; i <= 3; ++i)
    if (!co_await writer.send({{"number", i}})) co_return;
}

// Fills the reader's socket until the server gives it up, and tells how the stream ended.
Task<void> send_for_ever(std::promise<std::string>& ended, EventWriter& writer) {
  try {
    while (co_await writer.send({{"text", std::string(1000, 'x')}})) continue;
    ended.set_value("dropped");
  } catch (const boost::system::system_error&) {
    ended.set_value("cancelled");
    throw;
  }
}

Task<void> stay_quiet(std::promise<void>& started, std::promise<void>& ended) {
  started.set_value();
  try {
    co_await wait_for(60s);
    co_await wait_for(60s);  // throws: cancelled
  } catch (const boost::system::system_error&) {
    ended.set_value();
    throw;
  }
}

class ServerTest : public testing::Test {
 public:
  ServerTest() {
    chmod(folder_.c_str(), 0755);
    server_.add(Method::post, "/v1/things/{name}", Access::act, echo);
    server_.add(Method::get, "/v1/greeting", Access::read, greet);
    server_.add(Method::get, "/v1/late", Access::read,
                [this](Request) { return answer_late(late_started_); });
    server_.add_stream("/v1/count", count_to_three);
    server_.add_stream("/v1/flood", [this](Request, EventWriter& writer) {
      return send_for_ever(flood_ended_, writer);
    });
    server_.add_stream("/v1/quiet", [this](Request, EventWriter&) {
      return stay_quiet(quiet_started_, quiet_ended_);
    });
    const auto started = server_.start();
    EXPECT_TRUE(started) << started.error().what;
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ServerTest() override {
    finish();
    std::filesystem::remove_all(folder_);
  }

 protected:
  void finish() {
    if (!thread_.joinable()) return;
    asio::co_spawn(io_, server_.finish(5s), asio::use_future).get();
    thread_.join();
  }

  [[nodiscard]] Client client() const { return Client(path_); }

  [[nodiscard]] Fd connect_bare() const {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    TASUKI_ASSERT(socket.get() >= 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  // Sends bytes as they are and reads until the server closes.
  [[nodiscard]] std::string say(const std::string& bytes) const {
    const Fd socket = connect_bare();
    EXPECT_EQ(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    shutdown(socket.get(), SHUT_WR);
    std::string answer;
    for (char buffer[4096];;) {
      const ssize_t size = read(socket.get(), buffer, sizeof buffer);
      if (size <= 0) return answer;
      answer.append(buffer, static_cast<size_t>(size));
    }
  }

  std::string folder_ = make_test_folder();
  std::string path_ = folder_ + "/control.sock";
  asio::io_context io_;
  Server server_{io_, {path_, 0666, "no-such-group"}};
  std::promise<std::string> flood_ended_;
  std::promise<void> late_started_;
  std::promise<void> quiet_started_;
  std::promise<void> quiet_ended_;
  std::thread thread_;
};

TEST_F(ServerTest, a_handler_gets_parameters_body_and_peer) {
  const auto reply = client().post("/v1/things/" + percent_encode("a b"), {{"to", "sv2"}});
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, (Json{{"name", "a b"}, {"to", "sv2"}, {"uid", geteuid()}}));
}

TEST_F(ServerTest, a_body_of_the_wrong_shape_is_refused_with_the_reason) {
  const auto reply = client().post("/v1/things/x", Json::object());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 400);
  EXPECT_THAT(reply->body.at("error"), HasSubstr("'to' not found"));
  EXPECT_EQ(client().post("/v1/things/x", Json::array())->status, 400);
}

TEST_F(ServerTest, an_unknown_address_is_answered_with_an_exit_code) {
  const auto reply = client().get("/v1/nothing");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, (Json{{"error", "there is no /v1/nothing"}, {"exit", 5}}));
}

TEST_F(ServerTest, bytes_that_are_not_utf8_do_not_break_an_answer) {
  EXPECT_EQ(client().get("/v1/greeting")->body.at("text"), "caf\xef\xbf\xbd");
}

TEST_F(ServerTest, others_than_root_read_and_do_not_act) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  std::thread other([this] {
    // The system call changes this thread alone, unlike setresuid(3).
    ASSERT_EQ(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    EXPECT_EQ(client().get("/v1/greeting")->status, 200);
    const auto reply = client().post("/v1/things/x", {{"to", "sv2"}});
    EXPECT_EQ(reply->status, 403);
    EXPECT_EQ(reply->body.at("error"),
              "only root may change the cluster; others may read its state");
    EXPECT_EQ(reply->body.at("exit"), 4);
  });
  other.join();
}

TEST_F(ServerTest, readers_who_hold_many_connections_do_not_lock_root_out) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  std::vector<Fd> held;
  std::thread other([&] {
    ASSERT_EQ(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    for (int i = 0; i < 32; ++i) held.push_back(connect_bare());
    EXPECT_FALSE(client().get("/v1/greeting"));
  });
  other.join();
  EXPECT_EQ(client().get("/v1/greeting")->status, 200);
}

TEST_F(ServerTest, a_connection_takes_one_request_after_another) {
  const auto answer =
      say("GET /v1/greeting HTTP/1.1\r\nHost: x\r\n\r\n"
          "GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 404 "));
}

TEST_F(ServerTest, what_breaks_a_rule_is_answered_and_hung_up_on) {
  EXPECT_THAT(say("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(say("PUT /v1/greeting HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 501 "));
  EXPECT_THAT(say("GET /v1/greeting HTTP/1.1\r\nX: " + std::string(17000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(say("POST /v1/things/x HTTP/1.1\r\nContent-Length: 4194305\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(say("GET /v1/gree"), "");
  EXPECT_EQ(say(""), "");
}

TEST_F(ServerTest, a_stream_brings_every_event_and_its_end) {
  std::vector<int> numbers;
  const auto reply = client().follow("/v1/count", [&](const Json& event) {
    numbers.push_back(event.at("number"));
    return true;
  });
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(reply->status, 200);
  EXPECT_THAT(numbers, testing::ElementsAre(1, 2, 3));
}

TEST_F(ServerTest, a_stream_that_is_refused_tells_why) {
  const auto reply = client().follow("/v1/nothing", [](const Json&) { return true; });
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404);
}

TEST_F(ServerTest, a_reader_who_stops_reading_is_dropped) {
  const Fd socket = connect_bare();
  const std::string request = "GET /v1/flood HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_GT(write(socket.get(), request.data(), request.size()), 0);
  auto ended = flood_ended_.get_future();
  ASSERT_EQ(ended.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(ended.get(), "dropped");
}

TEST_F(ServerTest, a_quiet_stream_ends_when_its_reader_hangs_up) {
  auto ended = quiet_ended_.get_future();
  {
    const Fd socket = connect_bare();
    const std::string request = "GET /v1/quiet HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_GT(write(socket.get(), request.data(), request.size()), 0);
    ASSERT_EQ(quiet_started_.get_future().wait_for(20s), std::future_status::ready);
  }
  EXPECT_EQ(ended.wait_for(20s), std::future_status::ready);
}

TEST_F(ServerTest, finishing_answers_what_runs_and_ends_what_waits) {
  const Fd idle = connect_bare();
  std::promise<void> stream_over;
  std::thread reader([&] {
    static_cast<void>(client().follow("/v1/quiet", [](const Json&) { return true; }));
    stream_over.set_value();
  });
  ASSERT_EQ(quiet_started_.get_future().wait_for(20s), std::future_status::ready);
  auto late = std::async(std::launch::async, [this] { return client().get("/v1/late"); });
  ASSERT_EQ(late_started_.get_future().wait_for(20s), std::future_status::ready);
  finish();
  EXPECT_EQ(late.get()->body.at("late"), true);
  EXPECT_FALSE(std::filesystem::exists(path_));
  reader.join();
  EXPECT_EQ(stream_over.get_future().wait_for(0s), std::future_status::ready);
  char byte = 0;
  EXPECT_EQ(read(idle.get(), &byte, 1), 0);
}

TEST_F(ServerTest, a_second_server_does_not_take_the_socket_from_the_first) {
  asio::io_context io;
  Server second(io, {path_, 0600, "root"});
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("another process answers there"));
  EXPECT_EQ(client().get("/v1/greeting")->status, 200);
}

TEST_F(ServerTest, the_socket_file_of_a_dead_server_is_replaced) {
  finish();
  asio::io_context io;
  asio::local::stream_protocol::acceptor dead(io, path_);
  dead.close();
  Server next(io, {path_, 0640, "no-such-group"});
  ASSERT_TRUE(next.start());
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0640u);
}

TEST(Client, tells_what_to_do_when_nobody_answers) {
  const auto reply = Client("/nonexistent/control.sock").get("/v1/status");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ENOENT);
  EXPECT_THAT(reply.error().what,
              StartsWith("tasukid is not running on this server: nobody answers at "
                         "/nonexistent/control.sock. Start it with"));
}

}  // namespace
}  // namespace tasuki::api
