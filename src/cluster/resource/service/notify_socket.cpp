#include "cluster/resource/service/notify_socket.hpp"

#include <algorithm>
#include <filesystem>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/datagram_protocol.hpp>
#include <fmt/format.h>

#include "kit/file.hpp"
#include "kit/text.hpp"

namespace tasuki::resource {
namespace {

// Far more than any status line; what is longer is cut, and READY=1 stands in front in practice.
constexpr size_t kMessageBytesMax = 4096;

}  // namespace

bool says_ready(std::string_view message) {
  return std::ranges::any_of(split(message, '\n'),
                             [](std::string_view line) { return line == "READY=1"; });
}

// Shared with the limit's handler, which may run after the wait is over.
struct NotifySocket::Socket {
  asio::local::datagram_protocol::socket socket;
  std::string path;
};

NotifySocket::NotifySocket(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}

NotifySocket::~NotifySocket() {
  if (!socket_) return;
  socket_->socket.close();
  ::unlink(socket_->path.c_str());
}

Result<NotifySocket> NotifySocket::open(const asio::any_io_executor& executor,
                                        const std::string& path, const std::string& user) {
  const passwd* owner = ::getpwnam(user.c_str());
  if (owner == nullptr) return failure(fmt::format("there is no user \"{}\" on this node", user));
  if (auto made = make_folders(std::filesystem::path(path).parent_path()); !made)
    return failure(made.error());
  ::unlink(path.c_str());

  auto socket =
      std::make_shared<Socket>(Socket{asio::local::datagram_protocol::socket(executor), path});
  boost::system::error_code error;
  socket->socket.open({}, error);
  if (error) return failure("socket: " + error.message());
  try {
    // The address alone throws, when the path is too long for one.
    socket->socket.bind(asio::local::datagram_protocol::endpoint(path));
  } catch (const boost::system::system_error& problem) {
    return failure("bind " + path + ": " + problem.code().message());
  }
  if (::chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0)
    return errno_failure("chown " + path);
  if (::chmod(path.c_str(), 0600) != 0) return errno_failure("chmod " + path);
  return NotifySocket(std::move(socket));
}

Task<bool> NotifySocket::wait_ready(std::chrono::milliseconds limit) {
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  timer.async_wait([socket = socket_](boost::system::error_code cancelled) {
    if (!cancelled) socket->socket.close();
  });
  std::string message(kMessageBytesMax, '\0');
  boost::system::error_code error;
  while (!error) {
    const size_t bytes = co_await socket_->socket.async_receive(
        asio::buffer(message), asio::redirect_error(asio::use_awaitable, error));
    if (!error && says_ready(std::string_view(message).substr(0, bytes))) co_return true;
  }
  co_return false;
}

void NotifySocket::cancel() {
  socket_->socket.close();
}

}  // namespace tasuki::resource
