// Against a web server that gives one fixed answer.
#include "cluster/resource/service/http_probe.hpp"

#include <optional>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include "cluster/process/test_keeper.hpp"

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

Task<void> answer_once(tcp::acceptor& acceptor, std::string answer) {
  tcp::socket client = co_await acceptor.async_accept(asio::use_awaitable);
  co_await asio::async_write(client, asio::buffer(answer), asio::use_awaitable);
  boost::system::error_code ignored;
  std::string request(1024, '\0');
  co_await client.async_read_some(asio::buffer(request),
                                  asio::redirect_error(asio::use_awaitable, ignored));
}

// The problem that the probe tells when that is the answer; empty: none.
std::string probe_of(const std::string& answer, std::chrono::milliseconds limit = 5s) {
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const uint16_t port = acceptor.local_endpoint().port();
  if (!answer.empty()) start_task(context.get_executor(), answer_once(acceptor, answer));
  const auto done = process::run_task(context, probe_http("127.0.0.1", port, "/ready", limit));
  return done ? "" : done.error().what;
}

TEST(HttpProbe, two_and_three_hundreds_serve) {
  EXPECT_EQ(probe_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "");
  EXPECT_EQ(probe_of("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"), "");
}

TEST(HttpProbe, an_error_page_does_not_serve) {
  EXPECT_THAT(probe_of("HTTP/1.1 503 Not Yet\r\nContent-Length: 0\r\n\r\n"),
              testing::EndsWith("/ready answers 503"));
}

TEST(HttpProbe, what_is_no_http_or_no_answer_does_not_serve) {
  EXPECT_NE(probe_of("220 mail ready\r\n"), "");
  EXPECT_NE(probe_of("", 50ms), "");
}

}  // namespace
}  // namespace tasuki::resource
