// Coroutines on Boost.Asio, as adapters and runners use them. Nothing that decides includes this.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tasuki {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

// Waits; returns early, without an error, when the coroutine is cancelled.
inline Task<void> wait_for(std::chrono::milliseconds duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Runs a blocking function (a mount, an fsync) on `workers` and comes back to the caller's thread.
template <class Function>
Task<std::invoke_result_t<Function>> on_worker(asio::thread_pool& workers, Function function) {
  using Value = std::invoke_result_t<Function>;
  co_return co_await asio::co_spawn(
      workers, [](Function call) -> Task<Value> { co_return call(); }(std::move(function)),
      asio::use_awaitable);
}

// Runs a blocking function on `workers`. Nothing when it is not back within the limit: it then goes
// on alone, keeps its worker, and what it gives is dropped; so it must own what it uses.
template <class Function>
Task<std::optional<std::invoke_result_t<Function>>> on_worker_within(
    asio::thread_pool& workers, std::chrono::milliseconds limit, Function function) {
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

// Starts a coroutine whose end nobody waits for; an exception that escapes it stops the process.
template <class Executor>
void start_task(const Executor& executor, Task<void> task) {
  asio::co_spawn(executor, std::move(task), [](const std::exception_ptr& problem) {
    if (problem) std::rethrow_exception(problem);
  });
}

}  // namespace tasuki
