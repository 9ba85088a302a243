// What one reader of a stream of events has not been sent yet.
#pragma once

#include <deque>
#include <memory>

#include "cluster/api/server.hpp"
#include "kit/json.hpp"
#include "kit/task.hpp"

namespace tasuki::runner {

class EventQueue {
 public:
  explicit EventQueue(const asio::any_io_executor& executor) : more_(executor) {}

  void push(Json event);
  // Sends them as they come, until the reader is gone or so far behind that it is dropped.
  Task<void> write_to(api::EventWriter& writer);

 private:
  std::deque<Json> events_;
  asio::steady_timer more_;
};

}  // namespace tasuki::runner
