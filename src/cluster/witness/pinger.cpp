#include "cluster/witness/pinger.hpp"

#include <algorithm>
#include <random>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/icmp.hpp>
#include <fmt/format.h>

#include "kit/duration.hpp"
#include "kit/text.hpp"

namespace tasuki::witness {

using core::milliseconds;
using core::Moment;
using Icmp = asio::ip::icmp;

namespace {

constexpr uint8_t kEcho = 8;
constexpr uint8_t kEchoReply = 0;
constexpr uint8_t kEcho6 = 128;
constexpr uint8_t kEchoReply6 = 129;
constexpr size_t kHeaderBytes = 8;
// While somebody waits for an answer: one echo may be lost, or go out before a link is quite up.
constexpr milliseconds kAskAgain{50};
// A gateway that leaves out a few answers is well.
constexpr milliseconds kLately{3000};

Moment now() {
  return std::chrono::steady_clock::now();
}

uint16_t random_identifier() {
  return static_cast<uint16_t>(std::random_device()());
}

// RFC 1071, over an even number of bytes.
uint16_t checksum(const std::array<uint8_t, kHeaderBytes>& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2)
    sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// For IPv6 the kernel fills the checksum in (RFC 3542, section 3.1).
std::array<uint8_t, kHeaderBytes> echo(bool ipv6, uint16_t identifier, uint16_t number) {
  const auto high = [](uint16_t value) { return static_cast<uint8_t>(value >> 8); };
  const auto low = [](uint16_t value) { return static_cast<uint8_t>(value & 0xff); };
  std::array<uint8_t, kHeaderBytes> bytes{
      ipv6 ? kEcho6 : kEcho, 0, 0, 0, high(identifier), low(identifier), high(number), low(number)};
  if (ipv6) return bytes;
  const uint16_t sum = checksum(bytes);
  bytes[2] = high(sum);
  bytes[3] = low(sum);
  return bytes;
}

}  // namespace

struct Pinger::Channel {
  Icmp::socket socket;
  bool ipv6;
  std::array<uint8_t, 256> received{};
  Icmp::endpoint sender{};
};

Pinger::Pinger(asio::io_context& io, std::function<void()> answered)
    : io_(io), answered_(std::move(answered)), identifier_(random_identifier()), next_(io) {}

Pinger::~Pinger() = default;

void Pinger::configure(const std::vector<std::string>& hosts, milliseconds every) {
  std::vector<asio::ip::address> wanted;
  for (const std::string& host : hosts) wanted.push_back(asio::ip::make_address(host));
  if (wanted == hosts_ && every == every_) return;
  hosts_ = std::move(wanted);
  every_ = every;
  configured_at_ = now();
  reached_.reset();
  ipv4_.reset();
  ipv6_.reset();
  ask_again();
}

void Pinger::open_channels() {
  cannot_.clear();
  for (const asio::ip::address& host : hosts_)
    if (auto& channel = host.is_v6() ? ipv6_ : ipv4_; !channel) channel = open(host.is_v6());
}

std::shared_ptr<Pinger::Channel> Pinger::open(bool ipv6) {
  auto channel = std::make_shared<Channel>(Icmp::socket(io_), ipv6);
  boost::system::error_code problem;
  channel->socket.open(ipv6 ? Icmp::v6() : Icmp::v4(), problem);
  if (!problem) channel->socket.non_blocking(true, problem);
  if (problem) {
    cannot_ = problem.message();
    return nullptr;
  }
  listen(channel);
  return channel;
}

void Pinger::listen(const std::shared_ptr<Channel>& channel) {
  channel->socket.async_receive_from(
      asio::buffer(channel->received), channel->sender,
      [this, weak = std::weak_ptr(channel)](const boost::system::error_code& problem, size_t size) {
        // Gone with the hosts that it was for, or with this.
        const auto still = weak.lock();
        if (!still || problem == asio::error::operation_aborted) return;
        if (problem) {
          (still->ipv6 ? ipv6_ : ipv4_).reset();
          return;
        }
        heard(*still, size);
        listen(still);
      });
}

// A raw socket hears every ICMP message that the node gets, for IPv4 with its IP header (raw(7)).
void Pinger::heard(const Channel& channel, size_t size) {
  const auto& bytes = channel.received;
  const size_t start = channel.ipv6 ? 0 : size_t{4} * (bytes[0] & 0xf);
  if (size < start + kHeaderBytes) return;
  const auto word = [&](size_t at) {
    return static_cast<uint16_t>(bytes[start + at] << 8 | bytes[start + at + 1]);
  };
  if (bytes[start] != (channel.ipv6 ? kEchoReply6 : kEchoReply) || word(4) != identifier_) return;
  if (std::ranges::find(hosts_, channel.sender.address()) == hosts_.end()) return;
  const Question& question = questions_[word(6) % questions_.size()];
  if (question.number != word(6) || question.asked < configured_at_) return;
  reached_ = std::max(reached_.value_or(question.asked), question.asked);
  for (asio::steady_timer* waiting : waiting_) waiting->cancel();
  answered_();
}

void Pinger::ask() {
  ++last_number_;
  questions_[last_number_ % questions_.size()] = {last_number_, now()};
  for (const asio::ip::address& host : hosts_) send(host);
}

void Pinger::send(const asio::ip::address& host) {
  const auto& channel = host.is_v6() ? ipv6_ : ipv4_;
  if (!channel) return;
  boost::system::error_code unreachable;
  channel->socket.send_to(asio::buffer(echo(host.is_v6(), identifier_, last_number_)),
                          Icmp::endpoint(host, 0), 0, unreachable);
}

void Pinger::ask_again() {
  next_.cancel();
  if (!asks()) return;
  open_channels();
  ask();
  next_.expires_after(every_);
  next_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) ask_again();
  });
}

Task<bool> Pinger::reach(milliseconds limit) {
  if (!asks()) co_return true;
  const Moment begun = now();
  const Moment deadline = begun + limit;
  while (!reached_ || *reached_ < begun) {
    if (now() >= deadline) co_return false;
    ask();
    asio::steady_timer answer(io_, std::min(deadline, now() + kAskAgain));
    waiting_.insert(&answer);
    boost::system::error_code ignored;
    co_await answer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiting_.erase(&answer);
  }
  co_return true;
}

std::string Pinger::problem() const {
  if (!asks() || now() - reached_.value_or(configured_at_) <= kLately) return "";
  if (!cannot_.empty()) return "it cannot ask: " + cannot_;
  std::vector<std::string> names;
  for (const asio::ip::address& host : hosts_) names.push_back(host.to_string());
  return fmt::format("{} {} not answer", join(names, ", "), names.size() == 1 ? "does" : "do");
}

}  // namespace tasuki::witness
