// HTTP/1.1 on a unix socket whose readers the kernel vouches for, or on a TCP port.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "cluster/api/message.hpp"
#include "cluster/api/place.hpp"
#include "kit/result.hpp"

namespace tasuki::api {

// Used from the io_context's one thread.
class Server {
 public:
  Server(asio::io_context& io, SocketFile file);
  Server(asio::io_context& io, TcpPlace place);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // as finish(), without waiting

  // Before start().
  void add(Method method, std::string path, Access access, Handler handler);
  void add_stream(std::string path, StreamHandler handler);  // GET, for readers
  [[nodiscard]] std::vector<Route> routes() const;

  // Makes the socket and answers from then on. Refuses when another process answers there.
  Result<void> start();

  // Removes the socket, takes no more requests, ends streams, and returns when the running requests
  // are answered, or when `limit` has passed.
  Task<void> finish(std::chrono::milliseconds limit);

 private:
  // Shared with the connections' coroutines: one may still be suspended when the server goes.
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tasuki::api
