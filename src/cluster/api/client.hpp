// The blocking client of the control socket, for programs that ask one thing and end; and of other
// services that speak as it does, over TCP.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <variant>

#include "cluster/api/place.hpp"
#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::api {

struct Reply {
  unsigned status = 0;
  Json body;  // {"error", "exit"} when status is 400 or above
};

class Client {
 public:
  struct Peer {
    std::string who;  // empty: tasukid
    std::variant<SocketFile, TcpPlace> place;
    std::chrono::milliseconds limit;
  };

  explicit Client(const std::string& socket_path);
  // `who` is what sentences call it; an answer takes `limit` at most.
  Client(std::string who, const TcpPlace& place, std::chrono::milliseconds limit);

  // An error means that nobody answered, and says what to do about it; its code is the errno.
  // `target` is the path with its query; its parts are percent-encoded by the caller (router.hpp).
  [[nodiscard]] Result<Reply> get(const std::string& target) const;
  // `patience` is how long the cluster may take on top of the answer itself.
  [[nodiscard]] Result<Reply> post(const std::string& target, const Json& body,
                                   std::chrono::milliseconds patience = {}) const;

  // Reads a stream of events until it ends or `on_event` returns false.
  [[nodiscard]] Result<Reply> follow(const std::string& target,
                                     std::function<bool(const Json&)> on_event) const;

 private:
  Peer peer_;
};

}  // namespace tasuki::api
