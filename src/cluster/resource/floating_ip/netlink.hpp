// The kernel's network configuration over rtnetlink(7): what is there, one address more or less,
// and word of every change. Calls take well under a millisecond and block.
#pragma once

#include <memory>

#include <libmnl/libmnl.h>

#include "cluster/resource/floating_ip/network.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::resource {

class Netlink {
 public:
  static Result<Netlink> open();

  // Every interface and address of this network namespace.
  Result<Network> read();

  // Sets the entry so that it is usable at once, makes no route and is never chosen as the source
  // of what this node sends by itself. Fine when it is there already.
  Result<void> add(const InterfaceAddress& entry);

  // Fine when it is not there, or its interface is gone.
  Result<void> remove(const InterfaceAddress& entry);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  using Socket = std::unique_ptr<mnl_socket, Close>;

  explicit Netlink(Socket socket) : socket_(std::move(socket)) {}
  Result<void> request(nlmsghdr* message, mnl_cb_t each, void* into);
  Result<void> dump(uint16_t type, mnl_cb_t each, Network& into);
  Result<void> change(uint16_t type, uint16_t flags, const InterfaceAddress& entry);

  Socket socket_;
  uint32_t sequence_ = 0;
};

// A socket that becomes readable with every change of a link or an address; non-blocking.
Result<Fd> open_network_events();

// Reads everything that waits on that socket: whether anything concerned the interface, or was
// lost, so that it may have.
bool drain_network_events(int events, int interface_index);

}  // namespace tasuki::resource
