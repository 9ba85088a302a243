#include "cluster/api/server.hpp"

#include <algorithm>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/api/connection.hpp"
#include "kit/log.hpp"

namespace tasuki::api {
namespace {

using asio::local::stream_protocol;
using boost::system::error_code;

// Connections of users other than root. Root is not counted, so that readers who hold many cannot
// lock the administrator out.
constexpr size_t kReadersMax = 32;
// Before accepting is tried again when the process has run out of descriptors.
constexpr std::chrono::milliseconds kAcceptPause(100);

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
  stream_protocol::socket probe(io);
  error_code problem;
  probe.connect(stream_protocol::endpoint(path), problem);
  return !problem;
}

}  // namespace

struct Server::State {
  State(asio::io_context& context, SocketFile socket_file)
      : io(context), file(std::move(socket_file)), acceptor(context), all_gone(context) {}

  asio::io_context& io;
  SocketFile file;
  Router router;
  stream_protocol::acceptor acceptor;
  std::list<Connection> connections;
  asio::steady_timer all_gone;  // cancelled when the last connection has gone

  Result<void> listen();
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
      log::warning("{}: accept: {}", state->file.path, problem.message());
      co_await wait_for(kAcceptPause);
      continue;
    }
    const auto peer = find_peer(socket);
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

// Nobody can connect between bind() and listen(), so the file has its owner and mode in time.
Result<void> Server::State::listen() {
  if (is_answered(io, file.path))
    return failure(file.path + ": another process answers there; is tasukid running already?");
  if (unlink(file.path.c_str()) != 0 && errno != ENOENT)
    return errno_failure("unlink " + file.path);
  error_code problem;
  acceptor.open(stream_protocol(), problem);
  if (!problem) acceptor.bind(stream_protocol::endpoint(file.path), problem);
  if (problem) return failure(file.path + ": bind: " + problem.message(), problem.value());
  if (chown(file.path.c_str(), 0, find_group(file.group)) != 0)
    return errno_failure("chown " + file.path);
  if (chmod(file.path.c_str(), file.mode) != 0) return errno_failure("chmod " + file.path);
  acceptor.listen(stream_protocol::acceptor::max_listen_connections, problem);
  if (problem) return failure(file.path + ": listen: " + problem.message(), problem.value());
  return {};
}

void Server::State::finish() {
  error_code ignored;
  if (acceptor.is_open()) unlink(file.path.c_str());
  acceptor.close(ignored);
  for (auto& connection : connections) connection.finish();
}

Server::Server(asio::io_context& io, SocketFile file)
    : state_(std::make_shared<State>(io, std::move(file))) {}

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
  auto listening = state_->listen();
  if (listening) start_task(state_->io.get_executor(), accept_connections(state_));
  return listening;
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
