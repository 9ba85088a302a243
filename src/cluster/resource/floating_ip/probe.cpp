#include "cluster/resource/floating_ip/probe.hpp"

#include <array>
#include <chrono>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

namespace tasuki::resource {
namespace {

using namespace std::chrono_literals;

// When the three questions go out, and when the last answer is waited for.
constexpr std::array kQuestionTimes = {0ms, 60ms, 120ms};
constexpr auto kProbeTime = 200ms;
constexpr size_t kFrameBytesMax = 256;  // all that is looked at lies in the first 80

sockaddr_ll on_link(const Place& place) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(place.entry.address.is_v4() ? ETH_P_ARP : ETH_P_IPV6);
  address.sll_ifindex = place.interface.index;
  return address;
}

// Only neighbour solicitations and advertisements: a busy node's other traffic never wakes us.
Result<void> filter_neighbour_discovery(const Fd& socket) {
  constexpr uint16_t kLoadByte = BPF_LD | BPF_B | BPF_ABS;
  constexpr uint16_t kJumpEqual = BPF_JMP | BPF_JEQ | BPF_K;
  constexpr uint32_t kNextHeaderAt = 20;
  constexpr uint32_t kIcmpTypeAt = 54;
  sock_filter program[] = {{kLoadByte, 0, 0, kNextHeaderAt},
                           {kJumpEqual, 0, 4, IPPROTO_ICMPV6},
                           {kLoadByte, 0, 0, kIcmpTypeAt},
                           {kJumpEqual, 1, 0, ND_NEIGHBOR_SOLICIT},
                           {kJumpEqual, 0, 1, ND_NEIGHBOR_ADVERT},
                           {BPF_RET | BPF_K, 0, 0, kFrameBytesMax},
                           {BPF_RET | BPF_K, 0, 0, 0}};
  const sock_fprog filter{static_cast<uint16_t>(std::size(program)), program};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    return errno_failure("filter for neighbour discovery");
  return {};
}

// Without a protocol it is deaf (packet(7)).
Result<Fd> open_packet_socket() {
  Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno_failure("open a packet socket");
  return socket;
}

// Hears answers to the probe; the filter is in place before the first frame comes in.
Result<Fd> open_listener(const Place& place) {
  auto socket = open_packet_socket();
  if (!socket) return socket;
  if (place.entry.address.is_v6())
    if (auto filtered = filter_neighbour_discovery(*socket); !filtered)
      return failure(filtered.error());
  const auto address = on_link(place);
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return errno_failure(fmt::format("bind a packet socket to {}", place.interface.name));
  return socket;
}

Result<void> send_frame(int socket, const Frame& frame, const Place& place) {
  const auto address = on_link(place);
  if (::sendto(socket, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) < 0)
    return errno_failure(fmt::format("send on {}", place.interface.name));
  return {};
}

// The first claim among the frames that have arrived.
std::optional<MacAddress> receive_claim(int socket, const Place& place) {
  std::array<uint8_t, kFrameBytesMax> buffer{};
  for (;;) {
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0) return std::nullopt;
    const std::span frame(buffer.data(), static_cast<size_t>(got));
    if (auto claimant = find_claimant(frame, place.interface.mac, place.entry.address))
      return claimant;
  }
}

}  // namespace

Result<Fd> open_announcer() {
  return open_packet_socket();
}

Result<void> announce(const Fd& announcer, const Place& place) {
  for (const auto& frame : announcement_frames(place.interface.mac, place.entry.address))
    if (auto sent = send_frame(announcer.get(), frame, place); !sent) return sent;
  return {};
}

Task<Result<std::optional<MacAddress>>> probe(Place place) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto opened = open_listener(place);
  if (!opened) co_return failure(opened.error());
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor socket(executor, opened->release());
  const Frame question = probe_frame(place.interface.mac, place.entry.address);

  const auto begin = std::chrono::steady_clock::now();
  for (size_t asked = 1; asked <= kQuestionTimes.size(); ++asked) {
    if (auto sent = send_frame(socket.native_handle(), question, place); !sent)
      co_return failure(sent.error());
    asio::steady_timer next(
        executor, begin + (asked < kQuestionTimes.size() ? kQuestionTimes[asked] : kProbeTime));
    for (bool waiting = true; waiting;) {
      const auto first = co_await (
          socket.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable) ||
          next.async_wait(asio::use_awaitable));
      if (auto claimant = receive_claim(socket.native_handle(), place)) co_return claimant;
      waiting = first.index() == 0;
    }
  }
  co_return std::optional<MacAddress>();
}

}  // namespace tasuki::resource
