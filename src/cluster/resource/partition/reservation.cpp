#include "cluster/resource/partition/reservation.hpp"

#include <utility>

#include <fmt/format.h>

#include "kit/log.hpp"

namespace tasuki::resource {

using guard::ReservationKey;
using guard::Standing;

Result<std::vector<guard::KeyOwner>> take_disk(const Reserving& reserving,
                                               const std::string& device, ReservationKey key,
                                               const std::atomic<bool>& wanted) {
  const auto paths = reserving.open(device);
  if (!paths) return failure(paths.error());
  if (!wanted) return failure("it was given up");
  return guard::take(*paths, key);
}

Result<void> give_disk_back(const Reserving& reserving, const std::string& device,
                            ReservationKey key) {
  const auto paths = reserving.open(device);
  if (!paths) return failure(paths.error());
  return guard::give_back(*paths, guard::key_of_node(*paths, reserving.node).value_or(key));
}

// --- While it is mounted ------------------------------------------------------------------------

struct ReservationWatch::State {
  asio::thread_pool& workers;
  std::shared_ptr<const Reserving> reserving;
  std::string device;
  ReservationKey key;
  std::chrono::milliseconds every;
  FaultHandler on_lost;
  asio::steady_timer next;
  bool ended = false;
};

ReservationWatch::ReservationWatch(asio::io_context& context, asio::thread_pool& workers,
                                   std::shared_ptr<const Reserving> reserving, std::string device,
                                   ReservationKey key, std::chrono::milliseconds every,
                                   FaultHandler on_lost)
    : state_(
          std::make_shared<State>(State{workers, std::move(reserving), std::move(device), key,
                                        every, std::move(on_lost), asio::steady_timer(context)})) {
  start_task(context.get_executor(), look(state_));
}

ReservationWatch::~ReservationWatch() {
  if (!state_) return;
  state_->ended = true;
  state_->next.cancel();
}

Task<void> ReservationWatch::look(std::shared_ptr<State> state) {
  boost::system::error_code ignored;
  for (;;) {
    state->next.expires_after(state->every);
    co_await state->next.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (state->ended) co_return;
    const auto look = [reserving = state->reserving, device = state->device, key = state->key] {
      const auto paths = reserving->open(device);
      if (!paths) return Standing{Standing::Kind::unreadable, {}, paths.error().what};
      return guard::mend(*paths, guard::key_of_node(*paths, reserving->node).value_or(key));
    };
    const Standing standing = co_await on_worker(state->workers, look);
    if (state->ended) co_return;
    switch (standing.kind) {
      case Standing::Kind::intact:
        break;
      case Standing::Kind::lost:
        state->ended = true;
        state->on_lost(
            fmt::format("the disk of {} refuses this node: {}", state->device, standing.because));
        co_return;
      case Standing::Kind::path_missing:
      case Standing::Kind::forgotten:
      case Standing::Kind::unreadable:
        // A disk that is gone is found out by reading it.
        log::warning("the reservation of {}: {}", state->device, standing.because);
    }
  }
}

}  // namespace tasuki::resource
