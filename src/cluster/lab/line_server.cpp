#include "cluster/lab/line_server.hpp"

#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace tasuki::lab {
namespace {

using Socket = asio::local::stream_protocol::socket;
using Acceptor = asio::local::stream_protocol::acceptor;
using AnswerFunction = std::function<Task<LineAnswer>(std::string)>;

// No request of a lab is near this; a client that sends more is cut off.
constexpr size_t kLineBytesMax = 65536;

// The first byte carries the descriptor; the line follows.
bool send_descriptor(int socket, int descriptor, char first) {
  iovec part{&first, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

Task<void> serve_connection(Socket socket, AnswerFunction answer) {
  std::string received;
  boost::system::error_code problem;
  for (;;) {
    const size_t length =
        co_await asio::async_read_until(socket, asio::dynamic_buffer(received, kLineBytesMax), '\n',
                                        asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return;
    std::string line = received.substr(0, length - 1);
    received.erase(0, length);
    const LineAnswer reply = co_await answer(std::move(line));
    if (reply.line.empty()) continue;
    std::string text = reply.line + "\n";
    if (reply.attached >= 0) {
      if (!send_descriptor(socket.native_handle(), reply.attached, text.front())) co_return;
      text.erase(0, 1);
    }
    co_await asio::async_write(socket, asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, problem));
    if (problem) co_return;
  }
}

Task<void> accept_connections(Acceptor acceptor, AnswerFunction answer) {
  for (;;) {
    boost::system::error_code problem;
    Socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, problem));
    if (!problem) start_task(acceptor.get_executor(), serve_connection(std::move(socket), answer));
  }
}

}  // namespace

Result<void> serve_lines(asio::io_context& io, const std::string& path,
                         std::function<Task<LineAnswer>(std::string)> answer) {
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return failure(path + " is too long for a socket; give a shorter --dir");
  ::unlink(path.c_str());
  try {
    Acceptor acceptor(io, path);
    if (::chmod(path.c_str(), 0600) != 0) return errno_failure("protect " + path);
    start_task(io.get_executor(), accept_connections(std::move(acceptor), std::move(answer)));
  } catch (const boost::system::system_error& problem) {
    return failure("listen on " + path + ": " + problem.what());
  }
  return {};
}

}  // namespace tasuki::lab
