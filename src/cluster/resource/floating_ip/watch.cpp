#include "cluster/resource/floating_ip/watch.hpp"

#include <array>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "cluster/resource/floating_ip/netlink.hpp"
#include "cluster/resource/floating_ip/probe.hpp"
#include "kit/log.hpp"

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;

// Pauses after the first announcement, at 0: it is repeated at 50, 200, 1000 and 3000 ms. Frames
// get lost while a switch learns, and a busy station may miss more than one.
constexpr std::array kAnnouncementPauses = {50ms, 150ms, 800ms, 2000ms};

}  // namespace

struct AddressWatch::State {
  State(asio::io_context& context, Place where, std::shared_ptr<const Fd> sender, Netlink link,
        Fd changes, FaultHandler handler)
      : place(std::move(where)),
        announcer(std::move(sender)),
        netlink(std::move(link)),
        events(context, changes.release()),
        next_announcement(context),
        on_fault(std::move(handler)) {}

  void end() {
    ended = true;
    events.cancel();
    next_announcement.cancel();
  }

  const Place place;
  const std::shared_ptr<const Fd> announcer;
  Netlink netlink;
  asio::posix::stream_descriptor events;
  asio::steady_timer next_announcement;
  FaultHandler on_fault;
  bool ended = false;
};

AddressWatch::AddressWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
AddressWatch::AddressWatch(AddressWatch&&) noexcept = default;
AddressWatch::~AddressWatch() {
  if (state_) state_->end();
}

Result<AddressWatch> AddressWatch::begin(asio::io_context& context, Place place,
                                         std::shared_ptr<const Fd> announcer,
                                         FaultHandler on_fault) {
  auto netlink = Netlink::open();
  if (!netlink) return failure(netlink.error());
  auto events = open_network_events();
  if (!events) return failure(events.error());
  const bool resolves = place.interface.resolves;
  if (resolves)
    if (auto announced = announce(*announcer, place); !announced)
      return failure(announced.error().during("announce the address"));
  auto state =
      std::make_shared<State>(context, std::move(place), std::move(announcer), std::move(*netlink),
                              std::move(*events), std::move(on_fault));
  if (resolves) start_task(context.get_executor(), repeat_announcement(state));
  start_task(context.get_executor(), watch(state));
  return AddressWatch(std::move(state));
}

Task<void> AddressWatch::repeat_announcement(std::shared_ptr<State> state) {
  boost::system::error_code ended;
  for (const auto pause : kAnnouncementPauses) {
    state->next_announcement.expires_after(pause);
    co_await state->next_announcement.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (state->ended) co_return;
    // Not a fault by itself: if the link is the cause, the watch sees it.
    if (auto sent = announce(*state->announcer, state->place); !sent)
      log::warning("announce {} again: {}", state->place.entry.address.to_string(),
                   sent.error().what);
  }
}

// What happened is never taken from an event, only that something did: the state is read afresh,
// so that lost and reordered events do no harm. It is read first without one, for what changed
// before the events were listened to.
Task<void> AddressWatch::watch(std::shared_ptr<State> state) {
  co_await asio::post(state->events.get_executor(), asio::use_awaitable);
  while (!state->ended) {
    const auto network = state->netlink.read();
    const auto fault = network ? find_fault(state->place, *network) : network.error().what;
    if (fault) {
      state->end();
      co_return state->on_fault(*fault);
    }
    boost::system::error_code ended;
    do {
      co_await state->events.async_wait(asio::posix::descriptor_base::wait_read,
                                        asio::redirect_error(asio::use_awaitable, ended));
    } while (!state->ended &&
             !drain_network_events(state->events.native_handle(), state->place.interface.index));
  }
}

}  // namespace tasuki::resource
