#include "cluster/resource/floating_ip/floating_ip.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/resource/floating_ip/netlink.hpp"
#include "cluster/resource/floating_ip/probe.hpp"
#include "cluster/resource/floating_ip/watch.hpp"

namespace tasuki::resource {
namespace {

class FloatingIp final : public Resource {
 public:
  FloatingIp(asio::io_context& context, core::FloatingIp wanted, FaultHandler on_fault)
      : context_(context), wanted_(std::move(wanted)), on_fault_(std::move(on_fault)) {}

  Task<Result<void>> start(StepOptions options) override;
  Task<Result<void>> stop(StepOptions options) override;
  Task<Result<bool>> adopt() override;
  [[nodiscard]] Result<std::vector<process::Release>> releases() const override;

 private:
  Result<void> begin_watch(Place place);

  asio::io_context& context_;
  const core::FloatingIp wanted_;
  const FaultHandler on_fault_;
  std::shared_ptr<const Fd> announcer_;  // from the first start on
  std::optional<AddressWatch> watch_;    // while it is up
};

bool is_set(const InterfaceAddress& entry, const Network& network) {
  return std::ranges::find(network.addresses, entry) != network.addresses.end();
}

// Nothing that would have to be undone has happened yet.
Task<Result<void>> check_unused(Place place) {
  const auto claimant = co_await probe(place);
  if (!claimant) co_return failure(claimant.error().during("ask whether anybody has the address"));
  if (*claimant)
    co_return failure(
        fmt::format("{} is in use by another machine on {}, with MAC address {}",
                    place.entry.address.to_string(), place.interface.name, format_mac(**claimant)),
        EADDRINUSE);
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> FloatingIp::start(StepOptions options) {
  auto netlink = Netlink::open();
  if (!netlink) co_return failure(netlink.error());
  const auto network = netlink->read();
  if (!network) co_return failure(network.error());
  const auto place = find_place(wanted_, *network);
  if (!place) co_return failure(place.error());
  if (const auto foreign = find_foreign_entry(*place, *network)) co_return failure(*foreign);
  if (const auto fault = find_link_fault(*place, *network)) co_return failure(*fault);

  if (!is_set(place->entry, *network)) {
    if (!options.old_owner_let_go && place->interface.resolves)
      if (auto unused = co_await check_unused(*place); !unused) co_return unused;
    if (auto added = netlink->add(place->entry); !added)
      co_return failure(added.error().during(
          fmt::format("set {} on {}", wanted_.address, place->interface.name)));
  }
  auto watched = begin_watch(*place);
  if (!watched) {
    auto removed = netlink->remove(place->entry);
    if (!removed)
      watched =
          failure(watched.error().what + "; and it cannot be removed: " + removed.error().what,
                  ENOTRECOVERABLE);
  }
  co_return watched;
}

// Independent of where the address would be put today: whatever has become of the interfaces
// since the start, afterwards it is on none of them.
Task<Result<void>> FloatingIp::stop(StepOptions) {
  watch_.reset();
  auto netlink = Netlink::open();
  if (!netlink) co_return failure(netlink.error());
  boost::system::error_code refused;
  const auto address = boost::asio::ip::make_address(wanted_.address, refused);
  if (refused) co_return Result<void>();  // it can never have been started
  const int prefix = address.is_v4() ? 32 : 128;

  const auto before = netlink->read();
  if (!before) co_return failure(before.error());
  for (const auto& interface : before->interfaces) {
    const InterfaceAddress entry{interface.index, address, prefix};
    if (!is_set(entry, *before)) continue;
    if (auto removed = netlink->remove(entry); !removed)
      co_return failure(removed.error().during(
          fmt::format("remove {} from {}", wanted_.address, interface.name)));
  }

  const auto after = netlink->read();
  if (!after) co_return failure(after.error());
  for (const auto& interface : after->interfaces)
    if (is_set({interface.index, address, prefix}, *after))
      co_return failure(
          fmt::format("{} is still set on {} after its removal: somebody sets it again",
                      wanted_.address, interface.name));
  co_return Result<void>();
}

Task<Result<bool>> FloatingIp::adopt() {
  auto netlink = Netlink::open();
  if (!netlink) co_return failure(netlink.error());
  const auto network = netlink->read();
  if (!network) co_return failure(network.error());
  const auto place = find_place(wanted_, *network);
  if (!place || !is_set(place->entry, *network)) co_return false;
  if (auto watched = begin_watch(*place); !watched) co_return failure(watched.error());
  co_return true;
}

Result<std::vector<process::Release>> FloatingIp::releases() const {
  auto netlink = Netlink::open();
  if (!netlink) return failure(netlink.error());
  const auto network = netlink->read();
  if (!network) return failure(network.error());
  const auto place = find_place(wanted_, *network);
  if (!place) return failure(place.error());
  return std::vector<process::Release>{
      process::ReleaseAddress{place->interface.name, wanted_.address, place->entry.prefix}};
}

Result<void> FloatingIp::begin_watch(Place place) {
  if (!announcer_) {
    auto opened = open_announcer();
    if (!opened) return failure(opened.error());
    announcer_ = std::make_shared<const Fd>(std::move(*opened));
  }
  auto begun = AddressWatch::begin(context_, std::move(place), announcer_, on_fault_);
  if (!begun) return failure(begun.error());
  watch_.emplace(std::move(*begun));
  return {};
}

std::unique_ptr<Resource> make_floating_ip(asio::io_context& context, core::FloatingIp wanted,
                                           FaultHandler on_fault) {
  return std::make_unique<FloatingIp>(context, std::move(wanted), std::move(on_fault));
}

}  // namespace tasuki::resource
