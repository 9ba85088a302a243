// The engine that stands on Corosync: two connections, one order. Corosync runs as a process of its
// own; when it goes, everything known goes with it, and the engine connects anew.
#include <algorithm>
#include <deque>
#include <optional>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "cluster/membership/cpg_connection.hpp"
#include "cluster/membership/engine.hpp"
#include "cluster/membership/membership_joiner.hpp"
#include "cluster/membership/quorum_connection.hpp"
#include "kit/assert.hpp"
#include "kit/log.hpp"

namespace tasuki::membership {
namespace {

using namespace std::chrono_literals;

// While Corosync is away: soon at first, for it may just have been restarted.
constexpr auto kReconnectFirst = 20ms;
constexpr auto kReconnectMax = 200ms;
// Corosync's queue of 4 MB empties at network speed; its ring forms anew in well under a second.
constexpr auto kSendAgain = 2ms;
// What may wait to be sent: a state of some megabytes for a late joiner, several times over.
// Corosync takes nothing while the witness is asked for its vote, up to two seconds by default.
constexpr size_t kUnsentBytesMax = 64 << 20;
// What may wait for the word on a new ring's majority. Nearly nothing does, as Corosync holds
// messages back meanwhile.
constexpr size_t kWaitingBytesMax = 64 << 20;
// Then others get their turn on the io_context; the rest follows at once.
constexpr int kDispatchesPerTurn = 32;

// A descriptor that a library owns: watched, never closed.
class WatchedDescriptor {
 public:
  WatchedDescriptor(asio::io_context& context, int descriptor) : stream_(context, descriptor) {}
  WatchedDescriptor(const WatchedDescriptor&) = delete;
  WatchedDescriptor& operator=(const WatchedDescriptor&) = delete;
  ~WatchedDescriptor() { stream_.release(); }

  template <class Handler>
  void when_readable(Handler handler) {
    stream_.async_wait(asio::posix::stream_descriptor::wait_read, std::move(handler));
  }

 private:
  asio::posix::stream_descriptor stream_;
};

// Both connections of one time and what belongs to them. The watches are released before the
// libraries close their descriptors.
struct Session {
  std::vector<Observation> observed;  // by the dispatch under way
  MembershipJoiner joiner;
  std::unique_ptr<CpgConnection> cpg;
  std::unique_ptr<QuorumConnection> quorum;
  std::optional<WatchedDescriptor> cpg_watch;
  std::optional<WatchedDescriptor> quorum_watch;
  std::deque<std::string> unsent;
  size_t unsent_bytes = 0;
  bool waits_to_send = false;
  std::optional<std::string> failed;  // why; then nothing more is done with it
};

Result<std::shared_ptr<Session>> connect(asio::io_context& context) {
  auto session = std::make_shared<Session>();
  const auto listen = [raw = session.get()](Observation observation) {
    raw->observed.push_back(std::move(observation));
  };
  // Quorum first: it must not miss the ring that CPG tells on joining.
  auto quorum = QuorumConnection::connect(listen);
  if (!quorum) return failure(quorum.error());
  session->quorum = std::move(*quorum);
  auto cpg = CpgConnection::connect(listen);
  if (!cpg) return failure(cpg.error());
  session->cpg = std::move(*cpg);
  session->quorum_watch.emplace(context, session->quorum->descriptor());
  session->cpg_watch.emplace(context, session->cpg->descriptor());
  return session;
}

// Kept alive by its pending handlers; each does nothing once its session was given up.
class Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(asio::io_context& context, EngineEvents events)
      : context_(context), events_(std::move(events)), timer_(context), send_timer_(context) {}

  // Connecting waits for Corosync's answer. A Corosync that hangs without the whole node would
  // hold us; then the node's lease runs out, as it must.
  void connect_until_it_works() {
    auto session = connect(context_);
    if (session) {
      log::info("connected to Corosync");
      pause_ = kReconnectFirst;
      said_waiting_ = false;
      session_ = std::move(*session);
      watch_cpg(session_);
      watch_quorum(session_);
      return;
    }
    if (!std::exchange(said_waiting_, true))
      log::notice("waiting for Corosync: {}", session.error().what);
    timer_.expires_after(pause_);
    pause_ = std::min(pause_ * 2, kReconnectMax);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code) {
      if (!self->stopped_) self->connect_until_it_works();
    });
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    send_timer_.cancel();
    close_session();
  }

  void send(std::string message) {
    TASUKI_ASSERT(message.size() <= kMessageBytesMax);
    if (!session_ || session_->failed) return;
    session_->unsent_bytes += message.size();
    session_->unsent.push_back(std::move(message));
    if (session_->unsent_bytes > kUnsentBytesMax)
      fail_soon(fmt::format("Corosync did not take the last {} MB", kUnsentBytesMax >> 20));
    else
      send_what_goes();
  }

  // Not at once: whoever judges may be in the middle of being told of an earlier ring.
  void judge(const QuorumChanged& word) {
    asio::post(context_, [self = shared_from_this(), session = session_, word] {
      if (session && session == self->session_ && !session->failed) self->observe(*session, word);
    });
  }

 private:
  void watch_cpg(const std::shared_ptr<Session>& session) {
    session->cpg_watch->when_readable(
        [self = shared_from_this(), session](boost::system::error_code error) {
          if (error || session != self->session_) return;
          self->hear(*session->cpg);
          if (session == self->session_) self->watch_cpg(session);
        });
  }

  void watch_quorum(const std::shared_ptr<Session>& session) {
    session->quorum_watch->when_readable(
        [self = shared_from_this(), session](boost::system::error_code error) {
          if (error || session != self->session_) return;
          self->hear(*session->quorum);
          if (session == self->session_) self->watch_quorum(session);
        });
  }

  template <class Connection>
  void hear(Connection& connection) {
    const auto session = session_;
    for (int turn = 0; turn < kDispatchesPerTurn && !session->failed; ++turn) {
      const auto dispatched = connection.dispatch_one();
      if (!dispatched) session->failed = dispatched.error().what;
      if (!dispatched || *dispatched == Connection::Dispatched::nothing) break;
      tell(*session);
    }
    if (session->failed) return lose_session();
    send_what_goes();
  }

  void tell(Session& session) {
    for (Observation& observation : std::exchange(session.observed, {}))
      if (const auto* word = std::get_if<QuorumChanged>(&observation);
          word != nullptr && events_.votes_counted)
        events_.votes_counted(*word);
      else
        observe(session, std::move(observation));
    if (session.joiner.waiting_bytes() > kWaitingBytesMax)
      session.failed = fmt::format("no word on the majority of a new ring, while {} MB were said",
                                   kWaitingBytesMax >> 20);
  }

  void observe(Session& session, Observation observation) {
    for (const Step& step : session.joiner.observe(std::move(observation))) tell(step);
  }

  void tell(const Step& step) {
    if (const auto* message = std::get_if<Message>(&step))
      events_.delivered(message->from, message->content);
    else
      events_.membership_changed(std::get<Membership>(step));
  }

  void send_what_goes() {
    const auto session = session_;
    while (!session->unsent.empty() && !session->waits_to_send && !session->failed) {
      const auto sent = session->cpg->multicast(session->unsent.front());
      if (!sent) return fail_soon(sent.error().what);
      if (*sent == CpgConnection::Sent::later) return send_later(session);
      session->unsent_bytes -= session->unsent.front().size();
      session->unsent.pop_front();
    }
  }

  void send_later(const std::shared_ptr<Session>& session) {
    session->waits_to_send = true;
    send_timer_.expires_after(kSendAgain);
    send_timer_.async_wait([self = shared_from_this(), session](boost::system::error_code) {
      if (session != self->session_) return;
      session->waits_to_send = false;
      self->send_what_goes();
    });
  }

  // Not at once: whoever sends must not be told of a loss before send() returns.
  void fail_soon(std::string why) {
    if (session_->failed) return;
    session_->failed = std::move(why);
    asio::post(context_, [self = shared_from_this(), session = session_] {
      if (session == self->session_) self->lose_session();
    });
  }

  void lose_session() {
    const std::string why = *session_->failed;
    close_session();
    log::warning("lost Corosync: {}", why);
    events_.lost(why);
    if (!stopped_) connect_until_it_works();
  }

  void close_session() {
    if (!session_) return;
    session_->cpg_watch.reset();
    session_->quorum_watch.reset();
    session_->cpg.reset();
    session_->quorum.reset();
    session_.reset();
  }

  asio::io_context& context_;
  EngineEvents events_;
  asio::steady_timer timer_;
  asio::steady_timer send_timer_;
  std::shared_ptr<Session> session_;
  std::chrono::milliseconds pause_ = kReconnectFirst;
  bool said_waiting_ = false;
  bool stopped_ = false;
};

class CorosyncEngine final : public Engine {
 public:
  explicit CorosyncEngine(asio::io_context& context) : context_(context) {}
  CorosyncEngine(const CorosyncEngine&) = delete;
  CorosyncEngine& operator=(const CorosyncEngine&) = delete;
  ~CorosyncEngine() override {
    if (worker_) worker_->stop();
  }

  void start(EngineEvents events) override {
    worker_ = std::make_shared<Worker>(context_, std::move(events));
    asio::post(context_, [worker = worker_] { worker->connect_until_it_works(); });
  }

  void send(std::string message) override {
    if (worker_) worker_->send(std::move(message));
  }

  void judge(const QuorumChanged& word) override {
    if (worker_) worker_->judge(word);
  }

 private:
  asio::io_context& context_;
  std::shared_ptr<Worker> worker_;
};

}  // namespace

std::unique_ptr<Engine> make_corosync_engine(asio::io_context& context) {
  return std::make_unique<CorosyncEngine>(context);
}

}  // namespace tasuki::membership
