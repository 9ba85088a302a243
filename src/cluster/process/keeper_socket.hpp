// The keeper's end of the connection to tasukid. It never waits for tasukid: what cannot be sent
// now is queued, and of that only output lines may be lost.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "cluster/process/event_loop.hpp"
#include "kit/fd.hpp"
#include "kit/result.hpp"

namespace tasuki::process {

class KeeperSocket {
 public:
  struct Handlers {
    std::function<void(pid_t)> connected;  // 0: a process that is not in this PID namespace
    std::function<void(std::string_view packet)> received;
  };

  KeeperSocket(EventLoop& loop, std::string path, Handlers handlers);
  ~KeeperSocket();

  // Makes the socket file, for root only. Refused while another keeper serves it.
  Result<void> listen();
  void send(const Reply& reply);
  void send(const Event& event);

 private:
  // Above this, lines of output are dropped: some thousand lines that tasukid has not read yet,
  // while the keeper stays small.
  static constexpr size_t kOutputBytesMax = size_t{256} * 1024;
  // A tasukid that asks without reading the answers is not read from, which bounds the rest.
  static constexpr size_t kUnreadPacketsMax = 256;

  void accept();
  void drop_client();
  void on_client(uint32_t events);
  void receive();
  void send(std::string packet);
  void flush();
  void watch_client();

  EventLoop& loop_;
  std::string path_;
  Handlers handlers_;
  Fd listener_;
  Fd client_;
  uint32_t watched_ = 0;
  std::deque<std::string> queue_;
  size_t queued_bytes_ = 0;
  uint64_t lost_lines_ = 0;
};

}  // namespace tasuki::process
