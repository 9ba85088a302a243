// A plain epoll loop: one thread, handlers by descriptor. The keeper uses no Asio, to stay small.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "cluster/process/protocol.hpp"
#include "kit/fd.hpp"

namespace tasuki::process {

class EventLoop {
 public:
  using Handler = std::function<void(uint32_t events)>;

  EventLoop();

  // Calls the handler whenever one of `events` (EPOLLIN...) is there. The descriptor stays the
  // caller's, who removes it before closing it. A handler may remove any descriptor, its own too.
  void watch(int fd, uint32_t events, Handler handler);
  void change(int fd, uint32_t events);
  void remove(int fd);

  // Waits for one event and handles it; returns without one when the deadline has come.
  void run_once(std::optional<Moment> deadline);

 private:
  Fd epoll_;
  std::map<int, Handler> handlers_;
};

}  // namespace tasuki::process
