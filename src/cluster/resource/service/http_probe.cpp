#include "cluster/resource/service/http_probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

namespace tasuki::resource {
namespace {

namespace http = boost::beast::http;

constexpr unsigned kHttp11 = 11;

http::request<http::empty_body> make_get(const std::string& address, uint16_t port,
                                         const std::string& path) {
  const bool ipv6 = address.contains(':');
  http::request<http::empty_body> get(http::verb::get, path, kHttp11);
  get.set(http::field::host,
          fmt::format("{}{}{}:{}", ipv6 ? "[" : "", address, ipv6 ? "]" : "", port));
  get.set(http::field::connection, "close");
  return get;
}

}  // namespace

Task<Result<void>> probe_http(std::string address, uint16_t port, std::string path,
                              std::chrono::milliseconds limit) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) co_return failure(fmt::format("\"{}\" is no address", address));
  const auto into = [&error] { return asio::redirect_error(asio::use_awaitable, error); };
  boost::beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(limit);
  co_await stream.async_connect(asio::ip::tcp::endpoint(parsed, port), into());
  const auto get = make_get(address, port, path);
  if (!error) co_await http::async_write(stream, get, into());
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> answer;
  answer.skip(true);  // the body
  if (!error) co_await http::async_read_header(stream, buffer, answer, into());
  if (error) co_return failure(fmt::format("{}:{}: {}", address, port, error.message()));
  const unsigned status = answer.get().result_int();
  if (status >= 200 && status < 400) co_return Result<void>{};
  co_return failure(fmt::format("{}:{}{} answers {}", address, port, path, status));
}

}  // namespace tasuki::resource
