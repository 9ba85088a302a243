#include "cluster/api/server.hpp"

#include <algorithm>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>

#include "cluster/api/connection.hpp"
#include "kit/log.hpp"

namespace tasuki::api {
namespace {

using asio::generic::stream_protocol;
using boost::system::error_code;

// Connections of users other than root. Root is not counted, so that readers who hold many cannot
// lock the administrator out.
constexpr size_t kReadersMax = 32;
// Before accepting is tried again when the process has run out of descriptors.
constexpr std::chrono::milliseconds kAcceptPause(100);

// Who is at the other end of a TCP connection.
constexpr uid_t kNobody = 65534;

Result<uid_t> find_peer(stream_protocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return errno_failure("SO_PEERCRED");
  return peer.uid;
}

gid_t find_group(const std::string& name) {
  const group* const entry = getgrnam(name.c_str());
  return entry ? entry->gr_gid : 0;
}

// Whether a process answers at the socket, as opposed to a file that one left behind.
bool is_answered(asio::io_context& io, const std::string& path) {
  asio::local::stream_protocol::socket probe(io);
  error_code problem;
  probe.connect(asio::local::stream_protocol::endpoint(path), problem);
  return !problem;
}

}  // namespace

struct Server::State {
  State(asio::io_context& context, std::variant<SocketFile, TcpPlace> answers_at)
      : io(context), place(std::move(answers_at)), acceptor(context), all_gone(context) {}

  asio::io_context& io;
  std::variant<SocketFile, TcpPlace> place;
  Router router;
  asio::basic_socket_acceptor<stream_protocol> acceptor;
  std::list<Connection> connections;
  asio::steady_timer all_gone;  // cancelled when the last connection has gone

  [[nodiscard]] std::string where() const;
  Result<uid_t> peer_of(stream_protocol::socket& socket) const;
  Result<void> listen(const stream_protocol::endpoint& endpoint);
  Result<void> listen_at(const SocketFile& file);
  Result<void> listen_at(const TcpPlace& tcp);
  void finish();
};

namespace {

template <class StatePtr>
Task<void> serve(StatePtr state, std::list<Connection>::iterator connection) {
  co_await connection->run(state->router);
  state->connections.erase(connection);
  if (state->connections.empty()) state->all_gone.cancel();
}

template <class StatePtr>
Task<void> accept_connections(StatePtr state) {
  while (state->acceptor.is_open()) {
    error_code problem;
    auto socket =
        co_await state->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, problem));
    if (problem == asio::error::operation_aborted) break;
    if (problem) {
      log::warning("{}: accept: {}", state->where(), problem.message());
      co_await wait_for(kAcceptPause);
      continue;
    }
    const auto peer = state->peer_of(socket);
    const auto is_reader = [](const Connection& known) { return known.peer() != 0; };
    if (!peer ||
        (*peer != 0 &&
         std::cmp_greater_equal(std::ranges::count_if(state->connections, is_reader), kReadersMax)))
      continue;
    state->connections.emplace_front(std::move(socket), *peer);
    start_task(state->io.get_executor(), serve(state, state->connections.begin()));
  }
}

}  // namespace

std::string Server::State::where() const {
  return std::visit([](const auto& known) { return to_text(known); }, place);
}

Result<uid_t> Server::State::peer_of(stream_protocol::socket& socket) const {
  if (std::holds_alternative<TcpPlace>(place)) return kNobody;
  return find_peer(socket);
}

Result<void> Server::State::listen(const stream_protocol::endpoint& endpoint) {
  error_code problem;
  acceptor.open(endpoint.protocol(), problem);
  if (!problem) acceptor.set_option(asio::socket_base::reuse_address(true), problem);
  if (!problem) acceptor.bind(endpoint, problem);
  if (problem) return failure(where() + ": bind: " + problem.message(), problem.value());
  return {};
}

Result<void> Server::State::listen_at(const TcpPlace& tcp) {
  error_code problem;
  const auto address = asio::ip::make_address(tcp.address, problem);
  if (problem) return failure(tcp.address + " is no address");
  return listen(asio::ip::tcp::endpoint(address, tcp.port));
}

// Nobody can connect between bind() and listen(), so the file has its owner and mode in time.
Result<void> Server::State::listen_at(const SocketFile& file) {
  if (is_answered(io, file.path))
    return failure(file.path + ": another process answers there; is tasukid running already?");
  if (unlink(file.path.c_str()) != 0 && errno != ENOENT)
    return errno_failure("unlink " + file.path);
  if (auto bound = listen(asio::local::stream_protocol::endpoint(file.path)); !bound) return bound;
  if (chown(file.path.c_str(), 0, find_group(file.group)) != 0)
    return errno_failure("chown " + file.path);
  if (chmod(file.path.c_str(), file.mode) != 0) return errno_failure("chmod " + file.path);
  return {};
}

void Server::State::finish() {
  error_code ignored;
  if (const auto* file = std::get_if<SocketFile>(&place); file && acceptor.is_open())
    unlink(file->path.c_str());
  acceptor.close(ignored);
  for (auto& connection : connections) connection.finish();
}

Server::Server(asio::io_context& io, SocketFile file)
    : state_(std::make_shared<State>(io, std::move(file))) {}

Server::Server(asio::io_context& io, TcpPlace place)
    : state_(std::make_shared<State>(io, std::move(place))) {}

Server::~Server() {
  state_->finish();
}

void Server::add(Method method, std::string path, Access access, Handler handler) {
  state_->router.add({{method, std::move(path), access}, std::move(handler)});
}

void Server::add_stream(std::string path, StreamHandler handler) {
  state_->router.add({{Method::get, std::move(path), Access::read}, std::move(handler)});
}

std::vector<Route> Server::routes() const {
  return state_->router.routes();
}

Result<void> Server::start() {
  auto bound =
      std::visit([this](const auto& place) { return state_->listen_at(place); }, state_->place);
  if (!bound) return bound;
  error_code problem;
  state_->acceptor.listen(asio::socket_base::max_listen_connections, problem);
  if (problem) return failure(state_->where() + ": listen: " + problem.message(), problem.value());
  start_task(state_->io.get_executor(), accept_connections(state_));
  return {};
}

Task<void> Server::finish(std::chrono::milliseconds limit) {
  const auto state = state_;
  state->finish();
  if (state->connections.empty()) co_return;
  state->all_gone.expires_after(limit);
  error_code ignored;
  co_await state->all_gone.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace tasuki::api
