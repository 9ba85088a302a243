#include "cluster/api/client.hpp"

#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "kit/task.hpp"

namespace tasuki::api {
namespace {

namespace http = boost::beast::http;
using asio::generic::stream_protocol;
using boost::system::error_code;
using namespace std::chrono_literals;
using Stream = boost::beast::basic_stream<stream_protocol>;
using HttpRequest = http::request<http::string_body>;

// Above the half minute that tasukid gives a change to reach every disk: its own sentence about
// that says more than ours.
constexpr std::chrono::milliseconds kAnswerLimit = 45s;
// A log of a few thousand lines, and room.
constexpr uint64_t kAnswerBytesMax = 64 << 20;

stream_protocol::endpoint endpoint_of(const Client::Peer& peer) {
  if (const auto* file = std::get_if<SocketFile>(&peer.place))
    return asio::local::stream_protocol::endpoint(file->path);
  const auto& tcp = std::get<TcpPlace>(peer.place);
  return asio::ip::tcp::endpoint(asio::ip::make_address(tcp.address), tcp.port);
}

Error explain_no_answer(const Client::Peer& peer, const error_code& problem) {
  const int code = problem.value();
  const std::string where =
      std::visit([](const auto& place) { return to_text(place); }, peer.place);
  if (!peer.who.empty())
    return {fmt::format("{} does not answer at {}: {}", peer.who, where, problem.message()), code};
  if (problem == boost::system::errc::no_such_file_or_directory ||
      problem == boost::system::errc::connection_refused)
    return {fmt::format("tasukid is not running on this server: nobody answers at {}. Start it "
                        "with \"systemctl start tasukid\"; \"journalctl -u tasukid\" tells why it "
                        "ended",
                        where),
            code};
  if (problem == boost::system::errc::permission_denied)
    return {fmt::format("you may not open {}: run this as root, or join the group that owns the "
                        "socket to read the cluster's state",
                        where),
            code};
  if (problem == boost::beast::error::timeout)
    return {fmt::format("tasukid did not answer at {} in time; \"journalctl -u tasukid\" tells "
                        "what it is doing",
                        where),
            ETIMEDOUT};
  // One number for every way to break: those of the HTTP library's errors mean others as an errno.
  return {fmt::format("the connection to tasukid at {} broke: {}", where, problem.message()),
          ECONNRESET};
}

HttpRequest make_request(http::verb verb, const std::string& target) {
  HttpRequest request(verb, target, 11);
  request.set(http::field::host, "localhost");  // RFC 9112 3.2 wants one
  request.keep_alive(false);
  return request;
}

Reply make_reply(unsigned status, const std::string& body) {
  Reply reply{status, Json::parse(body, nullptr, false)};
  if (reply.body.is_discarded()) reply = {502, {{"error", "the answer is not JSON"}, {"exit", 1}}};
  return reply;
}

// Null for an answer that is not a stream.
using OnEvent = std::function<bool(const Json&)>;

struct Outcome {
  error_code problem;
  Reply reply;
};

auto into(error_code& problem) {
  return asio::redirect_error(asio::use_awaitable, problem);
}

// The events of a stream whose header has been read, until its end. `pending` is what was read
// beyond the header.
Task<error_code> read_events(Stream& stream, std::string pending, OnEvent on_event) {
  constexpr std::string_view kData = "data: ";
  error_code problem;
  for (;;) {
    const size_t size = co_await asio::async_read_until(
        stream.socket(), asio::dynamic_buffer(pending), "\n\n", into(problem));
    if (problem) break;
    const auto event = std::string_view(pending).substr(0, size);
    if (event.starts_with(kData) &&
        !on_event(Json::parse(event.substr(kData.size()), nullptr, false)))
      break;
    pending.erase(0, size);
  }
  co_return problem == asio::error::eof ? error_code{} : problem;
}

Task<Outcome> converse(Stream& stream, stream_protocol::endpoint endpoint, HttpRequest request,
                       std::chrono::milliseconds limit, OnEvent on_event) {
  Outcome outcome;
  error_code& problem = outcome.problem;
  stream.expires_after(limit);
  co_await stream.async_connect(endpoint, into(problem));
  if (!problem) co_await http::async_write(stream, request, into(problem));

  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kAnswerBytesMax);
  if (!problem) co_await http::async_read_header(stream, buffer, parser, into(problem));
  if (problem) co_return outcome;
  outcome.reply.status = parser.get().result_int();
  if (on_event && outcome.reply.status < 400) {
    stream.expires_never();
    problem = co_await read_events(stream, boost::beast::buffers_to_string(buffer.data()),
                                   std::move(on_event));
    co_return outcome;
  }
  co_await http::async_read(stream, buffer, parser, into(problem));
  if (!problem) outcome.reply = make_reply(outcome.reply.status, parser.get().body());
  co_return outcome;
}

// Holds the dialogue on an io_context of its own: a plain blocking read would know no deadline.
Result<Reply> run(const Client::Peer& peer, HttpRequest request,
                  std::chrono::milliseconds patience = {}, OnEvent on_event = nullptr) {
  asio::io_context io(1);
  Stream stream(io);
  Outcome outcome;
  asio::co_spawn(io,
                 converse(stream, endpoint_of(peer), std::move(request), peer.limit + patience,
                          std::move(on_event)),
                 [&](const std::exception_ptr& problem, Outcome result) {
                   if (problem) std::rethrow_exception(problem);
                   outcome = std::move(result);
                 });
  io.run();
  if (outcome.problem) return failure(explain_no_answer(peer, outcome.problem));
  return std::move(outcome.reply);
}

}  // namespace

Client::Client(const std::string& socket_path)
    : peer_{"", SocketFile{.path = socket_path}, kAnswerLimit} {}

Client::Client(std::string who, const TcpPlace& place, std::chrono::milliseconds limit)
    : peer_{std::move(who), place, limit} {}

Result<Reply> Client::get(const std::string& target) const {
  return run(peer_, make_request(http::verb::get, target));
}

Result<Reply> Client::post(const std::string& target, const Json& body,
                           std::chrono::milliseconds patience) const {
  auto request = make_request(http::verb::post, target);
  request.set(http::field::content_type, "application/json");
  request.body() = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  request.prepare_payload();
  return run(peer_, std::move(request), patience);
}

Result<Reply> Client::follow(const std::string& target, OnEvent on_event) const {
  return run(peer_, make_request(http::verb::get, target), {}, std::move(on_event));
}

}  // namespace tasuki::api
