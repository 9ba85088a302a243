// Asks hosts outside the cluster, as the gateway, whether they still hear this node (ICMP echo,
// RFC 792 and RFC 4443). A hint and no more: neither an answer nor its absence proves anything
// about another node.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "cluster/core/config.hpp"
#include "cluster/core/moment.hpp"
#include "kit/task.hpp"

namespace tasuki::witness {

class Pinger {
 public:
  // `answered` is called with each answer.
  Pinger(asio::io_context& io, std::function<void()> answered);
  Pinger(const Pinger&) = delete;
  Pinger& operator=(const Pinger&) = delete;
  ~Pinger();

  // Numeric addresses, which are asked every so often from now on; with none nobody is asked.
  void configure(const std::vector<std::string>& hosts, core::milliseconds every);
  [[nodiscard]] bool asks() const { return !hosts_.empty(); }
  // At once, beside the regular times.
  void ask();
  // When the newest question that was answered was asked.
  [[nodiscard]] std::optional<core::Moment> reached() const { return reached_; }
  // Asks until a host answers: true at once then, false when none has within `limit`. True when
  // there is nobody to ask.
  Task<bool> reach(core::milliseconds limit);
  // Why nobody was reached lately; empty when all is well.
  [[nodiscard]] std::string problem() const;

 private:
  struct Channel;  // to the hosts of one family
  struct Question {
    uint16_t number = 0;
    core::Moment asked;
  };

  void open_channels();
  std::shared_ptr<Channel> open(bool ipv6);
  void listen(const std::shared_ptr<Channel>& channel);
  void heard(const Channel& channel, size_t size);
  void send(const asio::ip::address& host);
  void ask_again();

  asio::io_context& io_;
  std::function<void()> answered_;
  std::vector<asio::ip::address> hosts_;
  core::milliseconds every_{};
  core::Moment configured_at_{};
  // Nothing while there is no host of that family, or until the next time when it failed.
  std::shared_ptr<Channel> ipv4_;
  std::shared_ptr<Channel> ipv6_;
  std::string cannot_;  // why nothing can be sent
  uint16_t identifier_;
  uint16_t last_number_ = 0;
  std::array<Question, 64> questions_{};  // the last ones, each in its number's place
  std::optional<core::Moment> reached_;
  asio::steady_timer next_;
  std::set<asio::steady_timer*> waiting_;  // cancelled with each answer
};

}  // namespace tasuki::witness
