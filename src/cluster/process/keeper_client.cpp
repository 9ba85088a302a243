#include "cluster/process/keeper_client.hpp"

#include <sys/socket.h>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include "cluster/process/unix_socket.hpp"
#include "kit/log.hpp"

namespace tasuki::process {
namespace {

// The keeper answers in microseconds; a start waits for the child to reach its program, which reads
// it from disk.
constexpr milliseconds kAnswerLimit{5'000};
constexpr milliseconds kSpawnLimit{30'000};
constexpr milliseconds kLookupLimit{10'000};
// After SIGKILL, until the kernel has taken the last process apart.
constexpr milliseconds kKillLimit{10'000};

}  // namespace

struct KeeperClient::Connection {
  asio::posix::stream_descriptor socket;
  bool closed = false;
};

// A request under way. Its timer is the limit, and is cancelled by the answer.
struct KeeperClient::Pending {
  asio::steady_timer timer;
  std::optional<ProcessName> spawned;
  std::optional<Result<Answer>> answer;
};

KeeperClient::KeeperClient(asio::io_context& context, std::string socket_path)
    : context_(context), socket_path_(std::move(socket_path)) {}

KeeperClient::~KeeperClient() {
  if (!connection_) return;
  connection_->closed = true;
  connection_->socket.close();
}

void KeeperClient::on_loss(std::function<void(const std::string& why)> handler) {
  on_loss_ = std::move(handler);
}

void KeeperClient::on_output(std::function<void(const Output&)> handler) {
  on_output_ = std::move(handler);
}

// --- Requests -----------------------------------------------------------------------------------

Task<Result<HelloReply>> KeeperClient::hello() {
  if (!connection_) {
    if (auto connected = connect(); !connected) co_return failure(connected.error());
  }
  auto reply = co_await ask_for<HelloReply>(Hello{}, kAnswerLimit);
  co_return reply;
}

Task<Result<void>> KeeperClient::open_group(OpenGroup group) {
  auto done = co_await ask_for<Done>(std::move(group), kAnswerLimit);
  if (!done) co_return failure(done.error());
  co_return Result<void>{};
}

Task<Result<void>> KeeperClient::close_group(std::string group) {
  auto done = co_await ask_for<Done>(CloseGroup{std::move(group)}, kAnswerLimit);
  if (!done) co_return failure(done.error());
  co_return Result<void>{};
}

Task<Result<SpawnReply>> KeeperClient::spawn(Spawn spawn) {
  if (spawn.user.empty()) spawn.user = "root";
  auto identity = co_await on_worker_within(user_lookups_, kLookupLimit,
                                            [user = spawn.user] { return find_identity(user); });
  if (!identity)
    co_return failure(fmt::format(
        "nothing said within {} ms who the user \"{}\" is; look at the services that this node's "
        "/etc/nsswitch.conf names for passwd and group",
        kLookupLimit.count(), spawn.user));
  if (!*identity) co_return failure(identity->error());
  spawn.identity = std::move(**identity);
  auto reply = co_await ask_for<SpawnReply>(std::move(spawn), kSpawnLimit);
  co_return reply;
}

Task<Result<StopReply>> KeeperClient::stop(Stop stop) {
  const milliseconds limit = stop.limit + kKillLimit;
  auto reply = co_await ask_for<StopReply>(std::move(stop), limit);
  co_return reply;
}

Task<Result<void>> KeeperClient::kill_group(std::string group) {
  auto done = co_await ask_for<Done>(KillGroup{std::move(group)}, kKillLimit);
  if (!done) co_return failure(done.error());
  co_return Result<void>{};
}

void KeeperClient::lease(Moment from, milliseconds lease, milliseconds release) {
  if (auto sent = send({++last_id_, Lease{from, lease, release}}); !sent)
    log::warning("the lease was not renewed: {}", sent.error().what);
}

void KeeperClient::reset(std::string reason) {
  if (auto sent = send({++last_id_, ResetNode{std::move(reason)}}); !sent)
    log::error("the keeper could not be asked to reset this node: {}", sent.error().what);
}

Task<Result<Answer>> KeeperClient::ask(Operation operation, milliseconds limit) {
  const uint64_t id = ++last_id_;
  auto pending = std::make_shared<Pending>(Pending{asio::steady_timer(context_, limit), {}, {}});
  if (const auto* spawn = std::get_if<Spawn>(&operation)) pending->spawned = spawn->name;
  if (auto sent = send({id, std::move(operation)}); !sent) co_return failure(sent.error());
  pending_.emplace(id, pending);
  boost::system::error_code ignored;
  co_await pending->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  pending_.erase(id);
  if (!pending->answer)
    co_return failure(fmt::format("the keeper gave no answer within {} ms", limit.count()));
  co_return std::move(*pending->answer);
}

template <class Wanted>
Task<Result<Wanted>> KeeperClient::ask_for(Operation operation, milliseconds limit) {
  auto answer = co_await ask(std::move(operation), limit);
  if (!answer) co_return failure(answer.error());
  if (const auto* error = std::get_if<Error>(&*answer)) co_return failure(*error);
  auto* wanted = std::get_if<Wanted>(&*answer);
  if (wanted == nullptr) co_return failure("the keeper gave an answer to something else");
  co_return std::move(*wanted);
}

// --- Connection ---------------------------------------------------------------------------------

Result<void> KeeperClient::connect() {
  auto socket = connect_packet_socket(socket_path_);
  if (!socket) return failure(socket.error());
  connection_ = std::make_shared<Connection>(
      Connection{asio::posix::stream_descriptor(context_, socket->release())});
  start_task(context_.get_executor(), read_packets(*this, connection_));
  return {};
}

Result<void> KeeperClient::send(const Request& request) {
  if (!connection_) return failure("there is no connection to the keeper");
  const std::string packet = to_packet(request);
  if (packet.size() > kPacketBytesMax) return failure("the request to the keeper is too long");
  // The keeper reads at once and its socket takes hundreds of requests, so waiting for room would
  // only hide that it hangs.
  if (::send(connection_->socket.native_handle(), packet.data(), packet.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return errno_failure("write to the keeper");
  return {};
}

Task<void> KeeperClient::read_packets(KeeperClient& client,
                                      std::shared_ptr<Connection> connection) {
  for (;;) {
    boost::system::error_code ignored;
    co_await connection->socket.async_wait(asio::posix::stream_descriptor::wait_read,
                                           asio::redirect_error(asio::use_awaitable, ignored));
    // Closed means that the client may be gone.
    if (connection->closed) co_return;
    auto packet = receive_packet(connection->socket.native_handle());
    if (!packet) {
      client.lose(packet.error().what);
      co_return;
    }
    if (*packet) client.take(**packet);
  }
}

void KeeperClient::take(const std::string& packet) {
  const auto parsed = parse_from_keeper(packet);
  if (!parsed) return lose(parsed.error().what);
  std::visit([this](const auto& what) { on(what); }, *parsed);
}

void KeeperClient::lose(const std::string& why) {
  connection_->closed = true;
  connection_->socket.close();
  connection_.reset();
  running_.clear();
  for (const auto& [id, pending] : pending_) {
    pending->answer = failure("the keeper was lost: " + why);
    pending->timer.cancel();
  }
  if (on_loss_) on_loss_(why);
}

void KeeperClient::on(const Reply& reply) {
  if (const auto* hello = std::get_if<HelloReply>(&reply.answer)) {
    running_.clear();
    for (const KeptGroup& group : hello->groups)
      for (const KeptProcess& process : group.processes)
        running_[{group.name, process.key}] = process.pid;
  }
  const auto found = pending_.find(reply.id);
  if (found != pending_.end()) {
    const auto* spawned = std::get_if<SpawnReply>(&reply.answer);
    if (spawned != nullptr && found->second->spawned)
      running_[*found->second->spawned] = spawned->pid;
    found->second->answer = Result<Answer>(reply.answer);
    found->second->timer.cancel();
  } else if (const auto* error = std::get_if<Error>(&reply.answer)) {
    log::warning("the keeper refused a request: {}", error->what);
  }
}

// --- Events -------------------------------------------------------------------------------------

void KeeperClient::on(const Event& event) {
  if (const auto* exited = std::get_if<Exited>(&event)) return on(*exited);
  if (const auto* output = std::get_if<Output>(&event)) return on(*output);
  log::warning("{} lines of output came too fast and are only in the keeper's log",
               std::get<OutputLost>(event).lines);
}

// The handlers are held while they run: what they do may end the watch they belong to.
void KeeperClient::on(const Exited& exited) {
  running_.erase(exited.name);
  if (const auto handlers = handlers_of(exited.name); handlers && handlers->exited)
    handlers->exited(exited);
}

void KeeperClient::on(const Output& output) {
  if (on_output_) on_output_(output);
  if (const auto handlers = handlers_of(output.name); handlers && handlers->output)
    handlers->output(output.line);
}

KeeperClient::Watch KeeperClient::watch(ProcessName name, ProcessHandlers handlers) {
  const uint64_t serial = ++last_id_;
  watched_[name] = {serial, std::make_shared<const ProcessHandlers>(std::move(handlers))};
  return {*this, std::move(name), serial};
}

KeeperClient::Watch& KeeperClient::Watch::operator=(Watch&& other) noexcept {
  std::swap(client_, other.client_);
  std::swap(name_, other.name_);
  std::swap(serial_, other.serial_);
  return *this;
}

void KeeperClient::Watch::reset() {
  if (client_ == nullptr) return;
  auto& watched = std::exchange(client_, nullptr)->watched_;
  const auto found = watched.find(name_);
  if (found != watched.end() && found->second.serial == serial_) watched.erase(found);
}

std::shared_ptr<const ProcessHandlers> KeeperClient::handlers_of(const ProcessName& name) const {
  const auto found = watched_.find(name);
  return found == watched_.end() ? nullptr : found->second.handlers;
}

std::optional<pid_t> KeeperClient::find_running(const ProcessName& name) const {
  const auto found = running_.find(name);
  if (found == running_.end()) return {};
  return found->second;
}

}  // namespace tasuki::process
