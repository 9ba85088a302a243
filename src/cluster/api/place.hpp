// Where a service answers.
#pragma once

#include <cstdint>
#include <string>

namespace tasuki::api {

// A unix socket, and who may open it.
struct SocketFile {
  std::string path = "/run/tasuki/control.sock";
  unsigned mode = 0660;
  std::string group = "tasuki";  // root's group when the system has no such group
};

// A TCP port. Whoever reaches it is a reader: there the kernel vouches for nobody.
struct TcpPlace {
  std::string address;  // IPv4 or IPv6, no name
  uint16_t port = 0;
};

// As sentences name them.
inline std::string to_text(const SocketFile& file) {
  return file.path;
}
inline std::string to_text(const TcpPlace& place) {
  return place.address + " port " + std::to_string(place.port);
}

}  // namespace tasuki::api
