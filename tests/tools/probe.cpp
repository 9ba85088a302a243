// What a client sees: a new TCP connection every few milliseconds, and one line for each answer:
// "MILLISECONDS NAME", the time by CLOCK_MONOTONIC, which all hosts of a lab share.
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "kit/fd.hpp"

namespace {

double monotonic_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

bool ready(int fd, short events, int limit_ms) {
  pollfd waited{fd, events, 0};
  return ::poll(&waited, 1, limit_ms) == 1 && (waited.revents & events) != 0;
}

// The answer of one connection; empty when there was none in time.
std::string ask(const addrinfo& server, int limit_ms) {
  const tasuki::Fd fd(::socket(server.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), server.ai_addr, server.ai_addrlen) != 0 && errno != EINPROGRESS)
    return {};
  if (!ready(fd.get(), POLLIN, limit_ms)) return {};
  char answer[256] = {};
  const ssize_t got = ::recv(fd.get(), answer, sizeof answer - 1, 0);
  if (got <= 0) return {};
  std::string name(answer, static_cast<size_t>(got));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  std::string host;
  std::string port = "8080";
  int every_ms = 5;
  int limit_ms = 50;
  CLI::App app("Connects again and again and prints when it was answered, and by whom");
  app.add_option("host", host)->required();
  app.add_option("port", port)->capture_default_str();
  app.add_option("--every", every_ms, "Milliseconds between connections")->capture_default_str();
  app.add_option("--limit", limit_ms, "Milliseconds to wait for an answer")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* server = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &server) != 0) {
    fmt::print(stderr, "\"{}\" is not an address\n", host);
    return 2;
  }
  for (double next = monotonic_ms();; next += every_ms) {
    const std::string name = ask(*server, limit_ms);
    const double time = monotonic_ms();
    if (!name.empty()) {
      fmt::print("{:.2f} {}\n", time, name);
      std::fflush(stdout);
    }
    if (time < next + every_ms)
      ::usleep(static_cast<useconds_t>((next + every_ms - time) * 1000));
    else
      next = time;
  }
}
