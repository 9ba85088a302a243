// The blocking client of the control socket, for programs that ask one thing and end.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "kit/json.hpp"
#include "kit/result.hpp"

namespace tasuki::api {

struct Reply {
  unsigned status = 0;
  Json body;  // {"error", "exit"} when status is 400 or above
};

class Client {
 public:
  explicit Client(std::string socket_path) : socket_path_(std::move(socket_path)) {}

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
  std::string socket_path_;
};

}  // namespace tasuki::api
