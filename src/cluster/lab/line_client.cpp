#include "cluster/lab/line_client.hpp"

#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tasuki::lab {
namespace {

using Clock = std::chrono::steady_clock;

// What is read at once; lines of a lab are shorter, longer ones take more turns.
constexpr size_t kReadBytes = 4096;

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(path + ": too long for a socket");
  path.copy(address.sun_path, path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno_failure("open a socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_failure("connect to " + path);
  return socket;
}

// Reads what is there and takes the descriptor that comes with it.
Result<void> receive_some(int socket, LineReply& reply) {
  char buffer[kReadBytes];
  iovec part{buffer, sizeof buffer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return errno_failure("read the answer");
  if (got == 0) return failure("the connection ended before the answer");
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    reply.attached = Fd(fd);
  }
  reply.line.append(buffer, static_cast<size_t>(got));
  return {};
}

}  // namespace

Result<LineReply> ask_line(const std::string& socket_path, const std::string& question,
                           std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  const auto socket = connect_to(socket_path);
  if (!socket) return failure(socket.error());
  const std::string line = question + "\n";
  if (::send(socket->get(), line.data(), line.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(line.size()))
    return errno_failure("write to " + socket_path);

  LineReply reply;
  while (!reply.line.contains('\n')) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{socket->get(), POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&entry, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return failure(socket_path + " does not answer");
    if (auto received = receive_some(socket->get(), reply); !received)
      return failure(received.error().during(socket_path));
  }
  reply.line.resize(reply.line.find('\n'));
  return reply;
}

}  // namespace tasuki::lab
