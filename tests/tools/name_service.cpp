// The smallest service there is: accepts TCP connections and answers each with the host's name.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "kit/fd.hpp"

namespace {

// An address that is not on this host yet may be bound too: the service may start before it.
tasuki::Fd listen_on(const std::string& address, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), port.c_str(), &hints, &found) != 0) return {};
  tasuki::Fd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_IP, IP_FREEBIND, &on, sizeof on);
  const bool bound =
      ::bind(fd.get(), found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd.get(), 128) == 0;
  ::freeaddrinfo(found);
  return bound ? std::move(fd) : tasuki::Fd{};
}

}  // namespace

int main(int argc, char** argv) {
  std::string address = "0.0.0.0";
  std::string port = "8080";
  CLI::App app("Answers every TCP connection with the host's name");
  app.add_option("--address", address)->capture_default_str();
  app.add_option("--port", port)->capture_default_str();
  bool http = false;
  app.add_flag("--http", http, "as a web page");
  CLI11_PARSE(app, argc, argv);

  char name[256] = {};
  ::gethostname(name, sizeof name - 2);
  const std::string line = std::string(name) + "\n";
  const std::string answer =
      http ? fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", line.size(), line)
           : line;
  const tasuki::Fd listener = listen_on(address, port);
  if (!listener) {
    fmt::print(stderr, "cannot listen on {} port {}\n", address, port);
    return 1;
  }
  for (;;) {
    const tasuki::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    char request[4096];
    if (http && ::recv(client.get(), request, sizeof request, 0) <= 0) continue;
    [[maybe_unused]] const auto sent =
        ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}
