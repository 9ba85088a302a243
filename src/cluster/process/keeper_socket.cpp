#include "cluster/process/keeper_socket.hpp"

#include <filesystem>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cluster/process/unix_socket.hpp"
#include "kit/file.hpp"
#include "kit/log.hpp"

namespace tasuki::process {

KeeperSocket::KeeperSocket(EventLoop& loop, std::string path, Handlers handlers)
    : loop_(loop), path_(std::move(path)), handlers_(std::move(handlers)) {}

KeeperSocket::~KeeperSocket() {
  drop_client();
  if (!listener_) return;
  loop_.remove(listener_.get());
  ::unlink(path_.c_str());
}

Result<void> KeeperSocket::listen() {
  if (auto made = make_folders(std::filesystem::path(path_).parent_path()); !made) return made;
  ::unlink(path_.c_str());
  const auto address = unix_address(path_);
  if (!address) return failure(address.error());
  Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return errno_failure("socket");
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  ::umask(before);
  if (bound != 0) return errno_failure("bind " + path_);
  if (::listen(listener.get(), 4) != 0) return errno_failure("listen on " + path_);
  listener_ = std::move(listener);
  loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept(); });
  return {};
}

void KeeperSocket::accept() {
  Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client) return;
  // A tasukid that was replaced may not have noticed yet; the newer one is the one in charge.
  drop_client();
  client_ = std::move(client);
  allow_long_packets(client_.get());
  watched_ = EPOLLIN;
  loop_.watch(client_.get(), watched_, [this](uint32_t events) { on_client(events); });
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  ::getsockopt(client_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes);
  handlers_.connected(credentials.pid);
}

void KeeperSocket::drop_client() {
  if (!client_) return;
  loop_.remove(client_.get());
  client_.reset();
  queue_.clear();
  queued_bytes_ = 0;
  lost_lines_ = 0;
}

void KeeperSocket::on_client(uint32_t events) {
  if (events & EPOLLOUT) flush();
  if (client_ && (events & EPOLLIN)) return receive();
  if (client_ && (events & (EPOLLHUP | EPOLLERR))) {
    log::notice("tasukid closed its connection");
    drop_client();
  }
}

void KeeperSocket::receive() {
  auto packet = receive_packet(client_.get());
  if (!packet) {
    log::notice("tasukid closed its connection: {}", packet.error().what);
    return drop_client();
  }
  if (*packet) handlers_.received(**packet);
}

void KeeperSocket::send(const Reply& reply) {
  send(to_packet(reply));
}

void KeeperSocket::send(const Event& event) {
  if (!client_) return;
  if (std::holds_alternative<Output>(event) && queued_bytes_ > kOutputBytesMax) {
    ++lost_lines_;
    return;
  }
  send(to_packet(event));
}

void KeeperSocket::send(std::string packet) {
  if (!client_) return;
  queued_bytes_ += packet.size();
  queue_.push_back(std::move(packet));
  flush();
}

void KeeperSocket::flush() {
  while (!queue_.empty()) {
    const std::string& packet = queue_.front();
    if (::send(client_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno == EAGAIN || errno == ENOBUFS) break;
      // The hang-up that follows drops the client; here it may be in the middle of being served.
      log::warning("{}", errno_failure("write to tasukid").error().what);
    }
    queued_bytes_ -= packet.size();
    queue_.pop_front();
    if (queue_.empty() && lost_lines_ > 0) {
      log::warning("tasukid read too slowly: {} lines of output were not sent to it", lost_lines_);
      queue_.push_back(to_packet(Event(OutputLost{std::exchange(lost_lines_, 0)})));
      queued_bytes_ += queue_.back().size();
    }
  }
  watch_client();
}

void KeeperSocket::watch_client() {
  const uint32_t wanted = (queue_.size() < kUnreadPacketsMax ? uint32_t{EPOLLIN} : 0U) |
                          (queue_.empty() ? 0U : uint32_t{EPOLLOUT});
  if (wanted == std::exchange(watched_, wanted)) return;
  loop_.change(client_.get(), wanted);
}

}  // namespace tasuki::process
