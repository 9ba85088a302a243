#include "cluster/api/connection.hpp"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

namespace tasuki::api {
namespace {

namespace http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;
using boost::system::error_code;
using std::chrono::milliseconds;

// A configuration of 32 nodes is far below this; more can only be a mistake or an attack.
constexpr uint64_t kBodyBytesMax = 4 << 20;
constexpr uint32_t kHeaderBytesMax = 16 << 10;
// Long enough for a page that asks now and then, short enough to forget a client that hangs.
constexpr milliseconds kIdleLimit = 60s;
// For the whole body of a request, or of an answer, to pass a socket on the same machine.
constexpr milliseconds kTransferLimit = 10s;
// How long a reader of events may leave its socket full before it is dropped.
constexpr milliseconds kSlowReaderLimit = 5s;

// Texts such as log lines may hold bytes that are not UTF-8; they are replaced, not refused.
std::string print_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Method> find_method(http::verb verb) {
  if (verb == http::verb::get) return Method::get;
  if (verb == http::verb::post) return Method::post;
  return std::nullopt;
}

std::optional<Response> explain_broken_request(const error_code& problem) {
  if (problem == http::error::body_limit)
    return error_response(413, fmt::format("a request may have {} bytes at most", kBodyBytesMax));
  if (problem == http::error::header_limit)
    return error_response(
        431, fmt::format("a request's header may have {} bytes at most", kHeaderBytesMax));
  if (problem.category() == make_error_code(http::error::bad_method).category() &&
      problem != http::error::end_of_stream && problem != http::error::partial_message)
    return error_response(400, "this is not HTTP/1.1: " + problem.message());
  return std::nullopt;
}

// A stream's side of the connection. What the client sends during a stream is of no interest, but
// that it hung up is.
Task<void> read_until_gone(asio::generic::stream_protocol::socket& socket) {
  error_code problem;
  while (!problem) {
    std::array<char, 512> ignored{};
    co_await socket.async_read_some(asio::buffer(ignored),
                                    asio::redirect_error(asio::use_awaitable, problem));
  }
}

// Server-sent events (the HTML standard, 9.2), one JSON object in each.
class SocketEventWriter : public EventWriter {
 public:
  explicit SocketEventWriter(asio::generic::stream_protocol::socket& socket) : socket_(socket) {}

  Task<bool> send(Json event) override {
    const std::string text = "data: " + print_json(event) + "\n\n";
    error_code problem;
    const auto first =
        co_await (asio::async_write(socket_, asio::buffer(text),
                                    asio::redirect_error(asio::use_awaitable, problem)) ||
                  wait_for(kSlowReaderLimit));
    co_return first.index() == 0 && !problem;
  }

 private:
  asio::generic::stream_protocol::socket& socket_;
};

}  // namespace

Connection::Connection(asio::generic::stream_protocol::socket socket, uid_t peer)
    : stream_(std::move(socket)), peer_(peer) {}

Task<void> Connection::run(const Router& router) {
  for (bool more = true; more && !finishing_;) {
    const auto http = co_await read_request();
    if (!http) break;
    answering_ = true;
    more = co_await answer(*http, router);
    answering_ = false;
  }
  stream_.close();
}

void Connection::finish() {
  finishing_ = true;
  if (!answering_) stream_.close();
}

Task<std::optional<Connection::HttpRequest>> Connection::read_request() {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  parser.header_limit(kHeaderBytesMax);
  error_code problem;
  stream_.expires_after(kIdleLimit);
  co_await http::async_read_header(stream_, buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, problem));
  if (!problem) {
    stream_.expires_after(kTransferLimit);
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, problem));
  }
  if (!problem) co_return parser.release();
  if (const auto response = explain_broken_request(problem)) co_await write(*response, false);
  co_return std::nullopt;
}

// False when the connection is over after this request.
Task<bool> Connection::answer(const HttpRequest& http, const Router& router) {
  const bool keep_alive = http.keep_alive();
  const auto method = find_method(http.method());
  if (!method) co_return co_await write(error_response(501, "only GET and POST are known"), false);
  auto match = router.find(*method, http.target());
  if (!match) co_return co_await write(error_response(404, match.error().what), keep_alive);
  const Route& route = match->endpoint->route;
  if (route.access == Access::act && peer_ != 0)
    co_return co_await write(
        error_response(403, "only root may change the cluster; others may read its state"),
        keep_alive);

  Request request{*method, std::move(match->parameters), std::move(match->query), {}, peer_};
  request.body = http.body().empty() ? Json::object() : Json::parse(http.body(), nullptr, false);
  if (!request.body.is_object())
    co_return co_await write(error_response(400, "the request's body is not a JSON object"),
                             keep_alive);
  if (const auto* const stream = std::get_if<StreamHandler>(&match->endpoint->handler)) {
    answering_ = false;
    co_await stream_events(*stream, std::move(request));
    co_return false;
  }
  Response response;
  try {
    response = co_await std::get<Handler>(match->endpoint->handler)(std::move(request));
  } catch (const Json::exception& problem) {
    response = error_response(400, fmt::format("the request's body: {}", problem.what()));
  }
  co_return co_await write(response, keep_alive);
}

// False when the connection cannot be used any more.
Task<bool> Connection::write(const Response& response, bool keep_alive) {
  http::response<http::string_body> http(static_cast<http::status>(response.status), 11);
  http.set(http::field::content_type, "application/json");
  http.keep_alive(keep_alive && !finishing_);
  http.body() = print_json(response.body) + "\n";
  http.prepare_payload();
  error_code problem;
  stream_.expires_after(kTransferLimit);
  co_await http::async_write(stream_, http, asio::redirect_error(asio::use_awaitable, problem));
  co_return !problem && http.keep_alive();
}

Task<void> Connection::stream_events(const StreamHandler& handler, Request request) {
  http::response<http::empty_body> http(http::status::ok, 11);
  http.set(http::field::content_type, "text/event-stream");
  http.keep_alive(false);  // the end of the stream is the end of the connection (RFC 9112 6.3)
  http::response_serializer<http::empty_body> serializer(http);
  error_code problem;
  stream_.expires_after(kTransferLimit);
  co_await http::async_write_header(stream_, serializer,
                                    asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return;
  // From here on the socket is used bare: the stream's own timer would count reading and writing
  // together, and a quiet cluster has nothing to write for days.
  stream_.expires_never();
  SocketEventWriter writer(stream_.socket());
  try {
    co_await (handler(std::move(request), writer) || read_until_gone(stream_.socket()));
  } catch (const boost::system::system_error& cancelled) {
    if (cancelled.code() != asio::error::operation_aborted) throw;
  }
}

}  // namespace tasuki::api
