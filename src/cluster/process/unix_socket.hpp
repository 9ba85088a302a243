// The packets between tasukid and the keeper: unix(7) sockets of the type SOCK_SEQPACKET.
#pragma once

#include <optional>
#include <string>
#include <sys/un.h>

#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

// The address of a socket file; an error when its path is too long for one.
Result<sockaddr_un> unix_address(const std::string& path);

// Connects to a packet socket; non-blocking, ready for long packets.
Result<Fd> connect_packet_socket(const std::string& path);

// Lets packets of kPacketBytesMax through, which is more than the kernel's default.
void allow_long_packets(int socket);

// The next packet; none when nothing is there yet; an error when the other side is gone or sends
// packets beyond the limit.
Result<std::optional<std::string>> receive_packet(int socket);

}  // namespace tasuki::process
