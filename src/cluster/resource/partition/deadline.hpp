// Blocking calls and the time they may take. A call into a device that does not answer cannot be
// ended by anybody; one can only stop waiting for it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "kit/task.hpp"

namespace tasuki::resource {

using std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline after(milliseconds limit) {
  return std::chrono::steady_clock::now() + limit;
}

// What is left, and never less than nothing; for poll(2).
inline milliseconds left_until(Deadline deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left));
}

// Runs a blocking function on `workers`. Nothing when it is not back within the limit: it then goes
// on alone, keeps its worker, and what it gives is dropped; so it must own what it uses.
template <class Function>
Task<std::optional<std::invoke_result_t<Function>>> on_worker_within(asio::thread_pool& workers,
                                                                     milliseconds limit,
                                                                     Function function) {
  // Shared, because either side may come to its end first.
  struct Call {
    asio::steady_timer done;
    std::optional<std::invoke_result_t<Function>> value;
  };
  const auto executor = co_await asio::this_coro::executor;
  auto call = std::make_shared<Call>(asio::steady_timer(executor, limit), std::nullopt);
  asio::post(workers, [call, executor, function = std::move(function)]() mutable {
    auto value = function();
    asio::post(executor, [call, value = std::move(value)]() mutable {
      call->value = std::move(value);
      call->done.cancel();
    });
  });
  boost::system::error_code ignored;
  co_await call->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return std::move(call->value);
}

}  // namespace tasuki::resource
