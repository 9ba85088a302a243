// The socket on which a service says READY=1, as sd_notify(3) has it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "kit/result.hpp"
#include "kit/task.hpp"

namespace tasuki::resource {

// Whether one message of sd_notify(3) ("STATUS=...\nREADY=1") says that the service is up.
bool says_ready(std::string_view message);

class NotifySocket {
 public:
  // Makes the socket file, which only root and `user` may write to.
  static Result<NotifySocket> open(const asio::any_io_executor& executor, const std::string& path,
                                   const std::string& user);
  NotifySocket(NotifySocket&&) noexcept = default;
  NotifySocket& operator=(NotifySocket&&) = delete;
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  // Removes it: a service that says more later is told that nobody listens, and goes on.
  ~NotifySocket();

  // True when READY=1 came, false when the limit ran out or cancel() was called.
  Task<bool> wait_ready(std::chrono::milliseconds limit);
  void cancel();

 private:
  struct Socket;
  explicit NotifySocket(std::shared_ptr<Socket> socket);
  std::shared_ptr<Socket> socket_;
};

}  // namespace tasuki::resource
