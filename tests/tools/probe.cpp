// What a client sees: a new connection every few milliseconds, none of which waits for another, and
// one line for each answer: "MILLISECONDS NAME", the time by CLOCK_MONOTONIC, which all hosts of a
// lab share.
#include <arpa/inet.h>
#include <deque>
#include <netdb.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "kit/fd.hpp"

namespace {

using namespace std::string_view_literals;

// A PostgreSQL startup packet: length, protocol 3.0, "user=postgres". A server that still recovers
// answers it with an error, one that serves with an authentication request ("R").
constexpr auto kPostgresStartup =
    "\0\0\0\x17\0\3\0\0"
    "user\0postgres\0\0"sv;

struct Attempt {
  tasuki::Fd socket;
  double begun = 0;  // ms
  bool asked = false;
};

double monotonic_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

tasuki::Fd begin_connection(const addrinfo& server) {
  tasuki::Fd fd(::socket(server.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The client's end is dropped without a trace: thousands of them would use up the port numbers.
  const linger reset{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (::connect(fd.get(), server.ai_addr, server.ai_addrlen) != 0 && errno != EINPROGRESS)
    return {};
  return fd;
}

// The name in the answer; empty when it is no answer of a server that serves.
std::string name_in(const tasuki::Fd& fd, bool postgres) {
  char answer[256] = {};
  const ssize_t got = ::recv(fd.get(), answer, sizeof answer - 1, 0);
  if (got <= 0) return {};
  if (postgres) return answer[0] == 'R' ? "postgres" : "";
  std::string name(answer, static_cast<size_t>(got));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

class Probe {
 public:
  Probe(const addrinfo& server, int every_ms, int limit_ms, bool postgres)
      : server_(server), every_ms_(every_ms), limit_ms_(limit_ms), postgres_(postgres) {}

  [[noreturn]] void run() {
    for (double next = monotonic_ms();;) {
      const double time = monotonic_ms();
      if (time >= next) {
        if (tasuki::Fd fd = begin_connection(server_))
          attempts_.push_back({std::move(fd), time, !postgres_});
        next = std::max(next + every_ms_, time);
      }
      while (!attempts_.empty() && time - attempts_.front().begun > limit_ms_)
        attempts_.pop_front();
      look_until(next);
    }
  }

 private:
  // Waits for the attempts under way, at most until the moment given.
  void look_until(double moment) {
    std::vector<pollfd> waited;
    for (const Attempt& attempt : attempts_)
      waited.push_back({attempt.socket.get(), short(attempt.asked ? POLLIN : POLLOUT), 0});
    const double left = std::max(moment - monotonic_ms(), 0.0);
    const timespec limit{0, static_cast<long>(left * 1e6)};
    if (::ppoll(waited.data(), waited.size(), &limit, nullptr) <= 0) return;
    for (size_t i = 0; i < waited.size(); ++i)
      if (waited[i].revents != 0) go_on(attempts_[i]);
    std::erase_if(attempts_, [](const Attempt& attempt) { return !attempt.socket; });
  }

  void go_on(Attempt& attempt) {
    if (!attempt.asked) {
      attempt.asked = true;
      const ssize_t sent = ::send(attempt.socket.get(), kPostgresStartup.data(),
                                  kPostgresStartup.size(), MSG_NOSIGNAL);
      if (sent < 0) attempt.socket.reset();
      return;
    }
    const std::string name = name_in(attempt.socket, postgres_);
    attempt.socket.reset();
    if (name.empty()) return;
    fmt::print("{:.2f} {}\n", monotonic_ms(), name);
    std::fflush(stdout);
  }

  const addrinfo& server_;
  int every_ms_;
  int limit_ms_;
  bool postgres_;
  std::deque<Attempt> attempts_;  // the oldest first
};

}  // namespace

int main(int argc, char** argv) {
  std::string host;
  std::string port = "8080";
  int every_ms = 5;
  int limit_ms = 300;
  bool postgres = false;
  CLI::App app("Connects again and again and prints when it was answered, and by whom");
  app.add_option("host", host)->required();
  app.add_option("port", port)->capture_default_str();
  app.add_option("--every", every_ms, "Milliseconds between connections")->capture_default_str();
  app.add_option("--limit", limit_ms, "Milliseconds to wait for an answer")->capture_default_str();
  app.add_flag("--postgres", postgres, "The server is a PostgreSQL; only one that serves counts");
  CLI11_PARSE(app, argc, argv);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* server = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &server) != 0) {
    fmt::print(stderr, "\"{}\" is not an address\n", host);
    return 2;
  }
  Probe(*server, every_ms, limit_ms, postgres).run();
}
