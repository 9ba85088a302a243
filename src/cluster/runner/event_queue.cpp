#include "cluster/runner/event_queue.hpp"

namespace tasuki::runner {
namespace {

constexpr size_t kQueueMax = 5000;

}  // namespace

void EventQueue::push(Json event) {
  events_.push_back(std::move(event));
  more_.cancel();
}

Task<void> EventQueue::write_to(api::EventWriter& writer) {
  for (;;) {
    while (!events_.empty()) {
      Json event = std::move(events_.front());
      events_.pop_front();
      if (events_.size() > kQueueMax || !co_await writer.send(std::move(event))) co_return;
    }
    more_.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await more_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

}  // namespace tasuki::runner
