#include "cluster/resource/service/tcp_probe.hpp"

#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace tasuki::resource {

Task<Result<void>> probe_tcp(std::string address, uint16_t port, std::chrono::milliseconds limit) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) co_return failure(fmt::format("\"{}\" is no address", address));
  const auto executor = co_await asio::this_coro::executor;
  // Shared with the timer's handler, which may run after this coroutine went on.
  const auto socket = std::make_shared<asio::ip::tcp::socket>(executor);
  asio::steady_timer timer(executor, limit);
  timer.async_wait([socket](boost::system::error_code cancelled) {
    if (!cancelled) socket->close();
  });
  co_await socket->async_connect({parsed, port}, asio::redirect_error(asio::use_awaitable, error));
  timer.cancel();
  if (error) co_return failure(fmt::format("{}:{}: {}", address, port, error.message()));
  co_return Result<void>{};
}

}  // namespace tasuki::resource
