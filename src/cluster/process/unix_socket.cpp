#include "cluster/process/unix_socket.hpp"

#include <cstring>
#include <sys/socket.h>

#include "cluster/process/protocol.hpp"

namespace tasuki::process {

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure("the path " + path + " is too long for a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> connect_packet_socket(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return failure(address.error());
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno_failure("socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return errno_failure("connect to " + path);
  allow_long_packets(socket.get());
  return socket;
}

void allow_long_packets(int socket) {
  // The kernel doubles the value for its own overhead. Failing, packets of its default size work.
  const int bytes = static_cast<int>(kPacketBytesMax) * 2;
  if (::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

Result<std::optional<std::string>> receive_packet(int socket) {
  // With MSG_TRUNC the kernel tells the packet's true length before it is taken.
  const ssize_t length = ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<std::string>{};
  if (length < 0) return errno_failure("read");
  if (length == 0) return failure("end of file");
  if (static_cast<size_t>(length) > kPacketBytesMax) return failure("a packet is too long");
  std::string packet(static_cast<size_t>(length), '\0');
  if (::recv(socket, packet.data(), packet.size(), MSG_DONTWAIT) != length)
    return errno_failure("read");
  return std::optional(std::move(packet));
}

}  // namespace tasuki::process
